import { Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { channelNameOf } from '../channel/channel.js';
import { MessagesConfigurationError } from '../messages-configuration.error.js';
import { decoratedMethods, isSingleton, type DecoratedMethod } from './decorated.methods.js';
import { namedReadersOf, type NamedReaderMetadata } from './named-reader.decorator.js';
import { resolveReader, type ReaderHandler } from './named-reader.options.js';
import { NamedReadersService } from './named-readers.service.js';

type FoundReader = DecoratedMethod<NamedReaderMetadata>;

/** Finds the methods with `@NamedReader` and lets them read. */
@Injectable()
export class NamedReaderExplorer implements OnModuleInit, OnApplicationBootstrap {
  #found: readonly FoundReader[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly readers: NamedReadersService,
  ) {}

  /**
   * Finds the methods and checks what their decorators say.
   *
   * @throws {MessagesConfigurationError} with every mistake of the application
   */
  onModuleInit(): void {
    this.#found = decoratedMethods(this.discovery, this.scanner, namedReadersOf);
    const problems = this.#found.flatMap((found) => problemsOf(found));
    if (problems.length > 0) throw new MessagesConfigurationError(problems);
  }

  /** Adds the readers; resolves when all have their place. */
  async onApplicationBootstrap(): Promise<void> {
    await Promise.all(
      this.#found.map(({ wrapper, method, metadata: { channel, options } }) => {
        const instance = wrapper.instance as Record<string, ReaderHandler>;
        return this.readers.addReader(channel, (...args) => instance[method]!(...args), options);
      }),
    );
  }
}

function problemsOf({ wrapper, method, metadata: { channel, options } }: FoundReader): string[] {
  const where = `@NamedReader on ${wrapper.name}.${method}`;
  const { problems } = resolveReader(options);
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
