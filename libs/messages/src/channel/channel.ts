import { messageNameOf, StreamGap, type Message, type MessageClass } from '@nestwire/protocol';
import { channelName } from '@nestwire/protocol/internal';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { checkChannelName, checkChannelPart } from './channel-name.js';
import { ReservedChannel } from './reserved-channel.js';

/**
 * What a channel promises.
 *
 * `ephemeral`: each message at most once, to whoever listens then. `history`: all messages, once each and
 * in one order, or a `StreamGap` that says where some are missing. `latest`: the newest message; older
 * ones may be passed over.
 */
export type DeliveryClass = 'ephemeral' | 'history' | 'latest';

/** How much of a channel is kept for those who were away. */
export interface HistoryLength {
  /** How many messages are kept at least, 1 to 100_000; more may be. */
  readonly messages: number;
  /** How long they are kept after the last of them, in milliseconds: 1_000 to 604_800_000, a week. */
  readonly ageMs: number;
}

/**
 * When a post counts as stored.
 *
 * `memory`: when the cluster has it; a failover can lose it, and a gap reports the loss to its receivers.
 * `replicated`: when all replicas have it too.
 */
export type Durability = 'memory' | 'replicated';

/** A named topic of the cluster, with the classes of its messages. */
export interface Channel<
  out M extends Message = Message,
  out D extends DeliveryClass = DeliveryClass,
  out S extends Message = Message,
> {
  readonly name: string;
  /** The classes that may be posted; others are refused. */
  readonly messages: readonly MessageClass<M>[];
  readonly delivery: D;
  /** How much is kept; nothing of an ephemeral channel. */
  readonly history: HistoryLength | undefined;
  readonly durability: Durability;
  /** The classes of its snapshot; empty when it has none. */
  readonly snapshot: readonly MessageClass<S>[];
}

/** A channel whose messages are kept. */
export type RecoverableChannel<M extends Message = Message> = Channel<M> & {
  readonly history: HistoryLength;
};

/** What listeners on a server get: its messages, and gaps where a history is kept. */
export type Delivered<M extends Message, D extends DeliveryClass> =
  M | (D extends 'history' ? StreamGap : never);

/**
 * Channels of one kind: itself the channel without arguments, and a function that
 * makes the channel of its arguments, as `room('lobby')`.
 */
export interface ChannelDefinition<
  out M extends Message = Message,
  out D extends DeliveryClass = DeliveryClass,
  out S extends Message = Message,
> extends Channel<M, D, S> {
  (...parts: readonly (string | number | bigint)[]): Channel<M, D, S>;
}

/** What a kind of channel is made of. */
export interface ChannelOptions<
  C extends readonly MessageClass[] = readonly MessageClass[],
  H extends HistoryLength | undefined = HistoryLength | undefined,
  L extends true | undefined = true | undefined,
  S extends readonly MessageClass[] = readonly MessageClass[],
> {
  /** The classes of the messages; a channel carries no others. */
  readonly messages: C;
  /** Keeps messages for those who were away: the delivery class `history`. */
  readonly history?: H;
  /** Only the newest message matters: the delivery class `latest`. */
  readonly latest?: L;
  /**
   * When a post on a channel that keeps messages counts as stored.
   *
   * @default 'memory'
   */
  readonly durability?: Durability;
  /** The classes of the messages that stand for all that came before: see `@ChannelSnapshot`. */
  readonly snapshot?: S;
}

type DeliveryOf<H, L> = H extends HistoryLength ? 'history' : L extends true ? 'latest' : 'ephemeral';

/** The channels that were defined in this process, by their names; of several the last. */
const definitions = new Map<string, ChannelDefinition>();

/** How long the newest message of a `latest` channel is kept, in milliseconds. */
const LATEST: HistoryLength = { messages: 1, ageMs: 604_800_000 };

/**
 * Defines a kind of channel, the messages that it carries, and what it promises.
 *
 * The name of `room('lobby')` is `room:lobby`, and of `room` itself `room`. All processes of an
 * application define a channel alike.
 *
 * @param name 1 to 200 characters, without a colon
 * @throws {MessagesError} BAD_CHANNEL when the name is not one that channels may have
 * @throws {MessagesError} MESSAGES_CONFIGURATION when a class is not marked with `@StreamMessage`, or
 *   the options contradict themselves
 */
export function defineChannel<
  const C extends readonly MessageClass[],
  H extends HistoryLength | undefined = undefined,
  L extends true | undefined = undefined,
  const S extends readonly MessageClass[] = readonly [],
>(
  name: string,
  options: ChannelOptions<C, H, L, S>,
): ChannelDefinition<InstanceType<C[number]>, DeliveryOf<H, L>, InstanceType<S[number]>> {
  checkChannelPart(name);
  checkOptions(name, options);
  const { messages, durability = 'memory', snapshot = [] } = options;
  const history = options.history ? { ...options.history } : options.latest && LATEST;
  const delivery = options.history ? 'history' : options.latest ? 'latest' : 'ephemeral';
  const traits = { messages, delivery, history, durability, snapshot };
  const define = (...parts: readonly (string | number | bigint)[]) => ({
    name: checkChannelName(channelName(name, ...parts.map(checkChannelPart))),
    ...traits,
  });
  Object.defineProperty(define, 'name', { value: name });
  const definition = Object.assign(define, traits) as unknown as ChannelDefinition;
  definitions.set(name, definition);
  return definition as ChannelDefinition<InstanceType<C[number]>, DeliveryOf<H, L>, InstanceType<S[number]>>;
}

/**
 * Returns the channel of this name by its definition here; undefined without one.
 */
export function definedChannel(name: string): Channel | undefined {
  const [kind = '', ...parts] = name.split(':');
  return parts.length > 0 ? definitions.get(kind)?.(...parts) : definitions.get(kind);
}

/**
 * Returns the checked name of a channel, however it is given.
 *
 * @throws {MessagesError} BAD_CHANNEL when it is not a name that channels may have
 */
export function channelNameOf(channel: string | Channel): string {
  if (typeof channel === 'string') return checkChannelName(channel);
  return channel instanceof ReservedChannel ? channel.name : checkChannelName(channel?.name);
}

/** Returns the classes of a channel's messages; undefined for a plain name. */
export function messagesOf<M extends Message>(
  channel: string | Channel<M>,
): readonly MessageClass<M>[] | undefined {
  return typeof channel === 'string' ? undefined : channel.messages;
}

/**
 * Returns the classes that listeners on a server get; undefined for a plain name.
 *
 * @param cls the only class of messages that is asked for; a gap is told to everybody
 */
export function deliveredBy(
  channel: string | Channel,
  cls?: MessageClass,
): readonly MessageClass[] | undefined {
  const messages = cls ? [cls] : messagesOf(channel);
  const hasGaps = typeof channel !== 'string' && channel.delivery === 'history';
  return messages && hasGaps ? [...messages, StreamGap] : messages;
}

/** Tells whether the messages of a channel are kept. */
export function isRecoverable<M extends Message>(
  channel: string | Channel<M>,
): channel is RecoverableChannel<M> {
  return typeof channel !== 'string' && channel.history !== undefined;
}

function checkOptions(name: string, { messages, history, latest, snapshot = [] }: ChannelOptions): void {
  for (const cls of [...messages, ...snapshot]) assertMessageClass(name, cls);
  if (messages.some((cls) => cls === (StreamGap as MessageClass)))
    throw misdefined(name, 'StreamGap is said by nestwire alone: leave it out of messages');
  if (history && latest) throw misdefined(name, 'history and latest are both set: leave one out');
  if (history && !isBetween(history.messages, 1, 100_000))
    throw misdefined(name, `history.messages is a whole number from 1 to 100_000; got ${history.messages}`);
  if (history && !isBetween(history.ageMs, 1_000, 604_800_000))
    throw misdefined(name, `history.ageMs is a whole number from 1_000 to 604_800_000; got ${history.ageMs}`);
  if (snapshot.length > 0 && !history)
    throw misdefined(name, 'a snapshot is for channels with history: set history, or leave snapshot out');
}

function isBetween(figure: number, least: number, most: number): boolean {
  return Number.isInteger(figure) && figure >= least && figure <= most;
}

function assertMessageClass(channel: string, cls: MessageClass): void {
  if (messageNameOf(cls)) return;
  const name = typeof cls === 'function' ? cls.name : String(cls);
  throw misdefined(
    channel,
    `${name} is not a message. Mark it with @StreamMessage('a.name'); if it is undefined, break the import cycle`,
  );
}

function misdefined(channel: string, why: string): MessagesError {
  return new MessagesError(MessagesErrorCode.Configuration, `defineChannel('${channel}'): ${why}.`);
}
