import { Injectable, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { messageNameOf, type Message, type MessageClass } from '@nestwire/protocol';
import { channelNameOf, deliveredBy, isRecoverable, type DeliveryClass } from '../channel/channel.js';
import { Broker } from './broker.js';
import { assertCapabilities, type MissingCapability } from '../missing-capability.error.js';
import { MessagesConfigurationError } from '../messages-configuration.error.js';
import { decoratedMethods, isSingleton, type DecoratedMethod } from '../channel/decorated-methods.js';
import { MessagesService } from '../messages.service.js';
import { channelHandlersOf, type ChannelHandlerMetadata } from './on-channel-message.decorator.js';

type FoundHandler = DecoratedMethod<ChannelHandlerMetadata>;

/** Finds the methods with `@OnChannelMessage` and adds them as listeners. */
@Injectable()
export class ChannelListenerExplorer implements OnModuleInit, OnApplicationBootstrap {
  private handlers: readonly FoundHandler[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly messages: MessagesService,
    private readonly broker: Broker,
  ) {}

  /**
   * Finds the methods and checks their decorators.
   *
   * @throws {MessagesConfigurationError} with every mistake of the application
   * @throws {MissingCapabilityError} when a channel is recoverable and the broker has no `history`
   */
  onModuleInit(): void {
    this.handlers = decoratedMethods(this.discovery, this.scanner, channelHandlersOf);
    const problems = this.handlers.flatMap((handler) => problemsOf(handler));
    if (problems.length > 0) throw new MessagesConfigurationError([...new Set(problems)]);
    assertCapabilities(this.broker, this.handlers.flatMap(usesOf));
  }

  /** Adds the listeners; resolves when all subscriptions are confirmed. */
  async onApplicationBootstrap(): Promise<void> {
    await Promise.all(this.handlers.map((handler) => this.listen(handler)));
  }

  private async listen({ wrapper, method, metadata: { channel, cls } }: FoundHandler): Promise<void> {
    const instance = wrapper.instance as Record<string, ((message: Message) => unknown) | undefined>;
    await this.messages.addListener<Message, DeliveryClass>(channel, (message) =>
      accepts(cls ? [cls] : deliveredBy(channel), message) ? instance[method]?.(message) : undefined,
    );
  }
}

function accepts(classes: readonly MessageClass[] | undefined, message: Message): boolean {
  return !classes || classes.some((cls) => message instanceof cls);
}

function usesOf(found: FoundHandler): MissingCapability[] {
  const { channel } = found.metadata;
  return isRecoverable(channel) ? [{ capability: 'history', neededBy: whereOf(found) }] : [];
}

function whereOf({ wrapper, method }: FoundHandler): string {
  return `@OnChannelMessage on ${wrapper.name}.${method}`;
}

function problemsOf(found: FoundHandler): string[] {
  const { wrapper, metadata } = found;
  const where = whereOf(found);
  const problems: string[] = [];
  if (!isSingleton(wrapper))
    problems.push(
      `${where}: the class is request-scoped or transient, but a channel has no request. Make it a singleton.`,
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
    return [`${where}: no message class is given. Pass one; if it is undefined, break the import cycle.`];
  if (!cls) return [];
  const name = messageNameOf(cls);
  if (!name) return [`${where}: ${cls.name} is not a message. Mark it with @StreamMessage('a.name').`];
  if (!classes || classes.includes(cls)) return [];
  return [`${where}: the channel is not defined with ${cls.name}. Add it to the channel's messages.`];
}
