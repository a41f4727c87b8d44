import { Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { messageNameOf, type Message, type MessageClass } from '@nestwire/protocol';
import { channelNameOf, deliveredBy, type DeliveryClass } from '../channel/channel.js';
import { MessagesConfigurationError } from '../messages-configuration.error.js';
import { decoratedMethods, isSingleton, type DecoratedMethod } from '../channel/decorated-methods.js';
import { MessagesService } from '../messages.service.js';
import { channelHandlersOf, type ChannelHandlerMetadata } from './on-channel-message.decorator.js';

type FoundHandler = DecoratedMethod<ChannelHandlerMetadata>;

/** Finds the methods with `@OnChannelMessage` and lets them listen. */
@Injectable()
export class ChannelListenerExplorer implements OnModuleInit, OnApplicationBootstrap {
  #handlers: readonly FoundHandler[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly messages: MessagesService,
  ) {}

  /**
   * Finds the methods and checks what their decorators say.
   *
   * @throws {MessagesConfigurationError} with every mistake of the application
   */
  onModuleInit(): void {
    this.#handlers = decoratedMethods(this.discovery, this.scanner, channelHandlersOf);
    const problems = this.#handlers.flatMap((handler) => problemsOf(handler));
    if (problems.length > 0) throw new MessagesConfigurationError([...new Set(problems)]);
  }

  /** Adds the listeners; resolves when all are in force. */
  async onApplicationBootstrap(): Promise<void> {
    await Promise.all(this.#handlers.map((handler) => this.#listen(handler)));
  }

  async #listen({ wrapper, method, metadata: { channel, cls } }: FoundHandler): Promise<void> {
    const instance = wrapper.instance as Record<string, (message: Message) => unknown>;
    await this.messages.addListener<Message, DeliveryClass>(channel, (message) =>
      accepts(cls ? [cls] : deliveredBy(channel), message) ? instance[method]!(message) : undefined,
    );
  }
}

function accepts(classes: readonly MessageClass[] | undefined, message: Message): boolean {
  return !classes || classes.some((cls) => message instanceof cls);
}

function problemsOf({ wrapper, method, metadata }: FoundHandler): string[] {
  const where = `@OnChannelMessage on ${wrapper.name}.${method}`;
  const problems: string[] = [];
  if (!isSingleton(wrapper))
    problems.push(
      `${where}: the class is request-scoped or transient, and a channel has no request. Make it a singleton.`,
    );
  try {
    channelNameOf(metadata.channel);
  } catch (error) {
    problems.push(`${where}: ${(error as Error).message}`);
  }
  return [...problems, ...classProblems(where, metadata)];
}

function classProblems(where: string, { channel, cls, hasClass }: ChannelHandlerMetadata): string[] {
  const classes = deliveredBy(channel);
  if (!cls && (hasClass || !classes))
    return [`${where}: no message class is given. Name one; if it is undefined, break the import cycle.`];
  if (!cls) return [];
  const name = messageNameOf(cls);
  if (!name) return [`${where}: ${cls.name} is not a message. Mark it with @StreamMessage('a.name').`];
  if (!classes || classes.includes(cls)) return [];
  return [`${where}: the channel is not defined with ${cls.name}. Add it to the channel's messages.`];
}
