import { Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { channelNameOf } from '../channel/channel.js';
import { Broker } from '../pubsub/broker.js';
import { assertCapabilities, type MissingCapability } from '../missing-capability.error.js';
import { MessagesConfigurationError } from '../messages-configuration.error.js';
import { decoratedMethods, isSingleton, type DecoratedMethod } from '../channel/decorated-methods.js';
import { durableConsumersOf, type DurableConsumerMetadata } from './durable-consumer.decorator.js';
import { resolveConsumer, type ConsumerHandler } from './durable-consumer.options.js';
import { DurableConsumersService } from './durable-consumers.service.js';

type FoundConsumer = DecoratedMethod<DurableConsumerMetadata>;

/** Finds the methods with `@DurableConsumer` and adds them as consumers. */
@Injectable()
export class DurableConsumerExplorer implements OnModuleInit, OnApplicationBootstrap {
  private found: readonly FoundConsumer[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly consumers: DurableConsumersService,
    private readonly broker: Broker,
  ) {}

  /**
   * Finds the methods and checks their decorators.
   *
   * @throws {MessagesConfigurationError} with every mistake of the application
   * @throws {MissingCapabilityError} when the broker has no `history` or no `consumers`
   */
  onModuleInit(): void {
    this.found = decoratedMethods(this.discovery, this.scanner, durableConsumersOf);
    const problems = this.found.flatMap((found) => problemsOf(found));
    if (problems.length > 0) throw new MessagesConfigurationError(problems);
    assertCapabilities(this.broker, this.found.flatMap(usesOf));
  }

  /** Adds the consumers; resolves when all have a position. */
  async onApplicationBootstrap(): Promise<void> {
    await Promise.all(
      this.found.map(({ wrapper, method, metadata: { channel, options } }) => {
        const instance = wrapper.instance as Record<string, ConsumerHandler | undefined>;
        return this.consumers.addConsumer(channel, (...args) => instance[method]?.(...args), options);
      }),
    );
  }
}

function usesOf(found: FoundConsumer): MissingCapability[] {
  const neededBy = whereOf(found);
  return [
    { capability: 'history', neededBy },
    { capability: 'consumers', neededBy },
  ];
}

function whereOf({ wrapper, method }: FoundConsumer): string {
  return `@DurableConsumer on ${wrapper.name}.${method}`;
}

function problemsOf(found: FoundConsumer): string[] {
  const { wrapper, metadata } = found;
  const { channel, options } = metadata;
  const { problems } = resolveConsumer(options);
  if (!isSingleton(wrapper))
    problems.push(
      'the class is request-scoped or transient, but a channel has no request. Make it a singleton.',
    );
  try {
    channelNameOf(channel);
    if (channel.delivery !== 'history') problems.push('the channel has no history. Define it with one.');
  } catch (error) {
    problems.push((error as Error).message);
  }
  return problems.map((problem) => `${whereOf(found)}: ${problem}`);
}
