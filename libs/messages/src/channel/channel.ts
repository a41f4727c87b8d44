import { messageNameOf, type Message, type MessageClass } from '@nestwire/protocol';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { checkChannelName, checkChannelPart } from './channel-name.js';

/** A named topic of the cluster, with the classes of its messages. */
export interface Channel<out M extends Message = Message> {
  readonly name: string;
  /** The classes that may be posted; others are refused. */
  readonly messages: readonly MessageClass<M>[];
}

/**
 * Channels of one kind: itself the channel without arguments, and a function that
 * makes the channel of its arguments, as `room('lobby')`.
 */
export interface ChannelDefinition<out M extends Message = Message> extends Channel<M> {
  (...parts: readonly (string | number | bigint)[]): Channel<M>;
}

/** What a kind of channel is made of. */
export interface ChannelOptions<C extends readonly MessageClass[]> {
  /** The classes of the messages; a channel carries no others. */
  readonly messages: C;
}

/**
 * Defines a kind of channel and the messages that it carries.
 *
 * The name of `room('lobby')` is `room:lobby`, and of `room` itself `room`.
 *
 * @param name 1 to 200 characters, without a colon
 * @throws {MessagesError} BAD_CHANNEL when the name is not one that channels may have
 * @throws {MessagesError} MESSAGES_CONFIGURATION when a class is not marked with `@StreamMessage`
 */
export function defineChannel<const C extends readonly MessageClass[]>(
  name: string,
  { messages }: ChannelOptions<C>,
): ChannelDefinition<InstanceType<C[number]>> {
  checkChannelPart(name);
  for (const cls of messages) assertMessageClass(name, cls);
  const define = (...parts: readonly (string | number | bigint)[]) => ({
    name: checkChannelName([name, ...parts.map(checkChannelPart)].join(':')),
    messages,
  });
  Object.defineProperty(define, 'name', { value: name });
  return Object.assign(define, { messages }) as unknown as ChannelDefinition<InstanceType<C[number]>>;
}

/**
 * Returns the checked name of a channel, however it is given.
 *
 * @throws {MessagesError} BAD_CHANNEL when it is not a name that channels may have
 */
export function channelNameOf(channel: string | Channel): string {
  return checkChannelName(typeof channel === 'string' ? channel : channel?.name);
}

/** Returns the classes of a channel's messages; undefined for a plain name. */
export function messagesOf<M extends Message>(
  channel: string | Channel<M>,
): readonly MessageClass<M>[] | undefined {
  return typeof channel === 'string' ? undefined : channel.messages;
}

function assertMessageClass(channel: string, cls: MessageClass): void {
  if (messageNameOf(cls)) return;
  const name = typeof cls === 'function' ? cls.name : String(cls);
  throw new MessagesError(
    MessagesErrorCode.Configuration,
    `defineChannel('${channel}'): ${name} is not a message. Mark it with @StreamMessage('a.name'); ` +
      'if it is undefined, break the import cycle.',
  );
}
