import { Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { channelNameOf } from '../channel/channel.js';
import { MessagesConfigurationError } from '../messages-configuration.error.js';
import { decoratedMethods, isSingleton, type DecoratedMethod } from '../channel/decorated-methods.js';
import { durableConsumersOf, type DurableConsumerMetadata } from './durable-consumer.decorator.js';
import { resolveConsumer, type ConsumerHandler } from './durable-consumer.options.js';
import { DurableConsumersService } from './durable-consumers.service.js';

type FoundConsumer = DecoratedMethod<DurableConsumerMetadata>;

/** Finds the methods with `@DurableConsumer` and lets them read. */
@Injectable()
export class DurableConsumerExplorer implements OnModuleInit, OnApplicationBootstrap {
  #found: readonly FoundConsumer[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly consumers: DurableConsumersService,
  ) {}

  /**
   * Finds the methods and checks what their decorators say.
   *
   * @throws {MessagesConfigurationError} with every mistake of the application
   */
  onModuleInit(): void {
    this.#found = decoratedMethods(this.discovery, this.scanner, durableConsumersOf);
    const problems = this.#found.flatMap((found) => problemsOf(found));
    if (problems.length > 0) throw new MessagesConfigurationError(problems);
  }

  /** Adds the consumers; resolves when all have their place. */
  async onApplicationBootstrap(): Promise<void> {
    await Promise.all(
      this.#found.map(({ wrapper, method, metadata: { channel, options } }) => {
        const instance = wrapper.instance as Record<string, ConsumerHandler>;
        return this.consumers.addConsumer(channel, (...args) => instance[method]!(...args), options);
      }),
    );
  }
}

function problemsOf({ wrapper, method, metadata: { channel, options } }: FoundConsumer): string[] {
  const where = `@DurableConsumer on ${wrapper.name}.${method}`;
  const { problems } = resolveConsumer(options);
  if (!isSingleton(wrapper))
    problems.push(
      'the class is request-scoped or transient, and a channel has no request. Make it a singleton.',
    );
  try {
    channelNameOf(channel);
    if (channel.delivery !== 'history') problems.push('the channel has no history. Define it with one.');
  } catch (error) {
    problems.push((error as Error).message);
  }
  return problems.map((problem) => `${where}: ${problem}`);
}
