import { messageNameOf, StreamGap, type Message, type MessageClass } from '@nestwire/protocol';
import { channelName } from '@nestwire/protocol/internal';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { checkChannelName, checkChannelPart, RESERVED_START } from './channel-name.js';

/**
 * The guarantee of a channel.
 *
 * `ephemeral`: each message at most once, to the present subscribers. `history`: all messages, each once and
 * in one order, or a `StreamGap` in place of missing ones. `latest`: the newest message; older ones may be
 * skipped.
 */
export type DeliveryClass = 'ephemeral' | 'history' | 'latest';

/** The length of a history, for subscribers that were away. */
export interface HistoryLength {
  /** The least number of messages that the history stores, 1 to 100_000. */
  readonly messages: number;
  /** The lifetime of the messages after the last one, in milliseconds: 1_000 to 604_800_000, a week. */
  readonly ageMs: number;
}

/**
 * The condition under which a post counts as stored.
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
  /** The classes of the messages; others are refused. */
  readonly messages: readonly MessageClass<M>[];
  readonly delivery: D;
  /** The length of the history; undefined for an ephemeral channel. */
  readonly history: HistoryLength | undefined;
  readonly durability: Durability;
  /** The classes of its snapshot; empty when it has none. */
  readonly snapshot: readonly MessageClass<S>[];
}

/** A channel with a history; its delivery class is `history` or `latest`. */
export type RecoverableChannel<M extends Message = Message> = Channel<M> & {
  readonly history: HistoryLength;
};

/** The messages that listeners on a server receive, gaps included. */
export type Delivered<M extends Message, D extends DeliveryClass> =
  M | (D extends 'history' ? StreamGap : never);

/**
 * The channels of one definition.
 *
 * It is the channel without arguments, and a function that makes the channel for its arguments, such as
 * `room('lobby')`.
 */
export interface ChannelDefinition<
  out M extends Message = Message,
  out D extends DeliveryClass = DeliveryClass,
  out S extends Message = Message,
> extends Channel<M, D, S> {
  (...parts: readonly (string | number | bigint)[]): Channel<M, D, S>;
}

/** The options of a channel definition. */
export interface ChannelOptions<
  C extends readonly MessageClass[] = readonly MessageClass[],
  H extends HistoryLength | undefined = HistoryLength | undefined,
  L extends true | undefined = true | undefined,
  S extends readonly MessageClass[] = readonly MessageClass[],
> {
  /** The classes of the messages; the channel carries no others. */
  readonly messages: C;
  /** Stores messages for subscribers that were away: the delivery class `history`. */
  readonly history?: H;
  /** Only the newest message matters: the delivery class `latest`. */
  readonly latest?: L;
  /**
   * The condition under which a post on a recoverable channel counts as stored.
   *
   * @default 'memory'
   */
  readonly durability?: Durability;
  /** The classes of the snapshot, which replaces all earlier messages: see `@ChannelSnapshot`. */
  readonly snapshot?: S;
}

type DeliveryOf<H, L> = H extends HistoryLength ? 'history' : L extends true ? 'latest' : 'ephemeral';

/** The channel definitions of this process by name; the last one of a name counts. */
const definitions = new Map<string, ChannelDefinition>();

/** The length of the history of a `latest` channel: one message, for a week. */
const LATEST: HistoryLength = { messages: 1, ageMs: 604_800_000 };

/**
 * Defines channels: their name, their messages and their delivery class.
 *
 * The name of `room('lobby')` is `room:lobby`; the name of `room` itself is `room`. All processes of an
 * application must define a channel in the same way.
 *
 * @param name 1 to 200 characters, without a colon
 * @throws {MessagesError} BAD_CHANNEL when channels cannot have the name
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
  // The name of a function is read-only in its type, so the compiler cannot see it as a property of the channel.
  const definition = Object.assign(define, traits) as unknown as ChannelDefinition;
  definitions.set(name, definition);
  return definition as ChannelDefinition<InstanceType<C[number]>, DeliveryOf<H, L>, InstanceType<S[number]>>;
}

/** Returns the defined channel of a name; undefined without a definition. */
export function definedChannel(name: string): Channel | undefined {
  const [kind = '', ...parts] = name.split(':');
  return parts.length > 0 ? definitions.get(kind)?.(...parts) : definitions.get(kind);
}

/**
 * Returns the checked name of a channel.
 *
 * @throws {MessagesError} BAD_CHANNEL when channels cannot have the name
 */
export function channelNameOf(channel: string | Channel): string {
  if (typeof channel === 'string') return checkChannelName(channel);
  const isOwn = channel instanceof ReservedChannel || channel instanceof ReservedHistoryChannel;
  return isOwn ? channel.name : checkChannelName(channel?.name);
}

/** Returns the classes of a channel's messages; undefined for a plain name. */
export function messagesOf<M extends Message>(
  channel: string | Channel<M>,
): readonly MessageClass<M>[] | undefined {
  return typeof channel === 'string' ? undefined : channel.messages;
}

/**
 * Returns the classes that listeners on a server receive.
 *
 * Returns undefined for a plain name.
 *
 * @param cls the only wanted class of messages; listeners receive gaps in any case
 */
export function deliveredBy(
  channel: string | Channel,
  cls?: MessageClass,
): readonly MessageClass[] | undefined {
  const messages = cls ? [cls] : messagesOf(channel);
  const hasGaps = typeof channel !== 'string' && channel.delivery === 'history';
  return messages && hasGaps ? [...messages, StreamGap] : messages;
}

/** Returns true for a channel with a history, also for a `latest` one. */
export function isRecoverable<M extends Message>(
  channel: string | Channel<M>,
): channel is RecoverableChannel<M> {
  return typeof channel !== 'string' && channel.history !== undefined;
}

function checkOptions(name: string, { messages, history, latest, snapshot = [] }: ChannelOptions): void {
  for (const cls of [...messages, ...snapshot]) assertMessageClass(name, cls);
  if (messages.some((cls) => cls === (StreamGap as MessageClass)))
    throw misdefined(name, 'only nestwire makes a StreamGap: leave it out of messages');
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

function misdefined(channel: string, problem: string): MessagesError {
  return new MessagesError(MessagesErrorCode.Configuration, `defineChannel('${channel}'): ${problem}.`);
}

/** A channel of nestwire itself with a history; an application cannot name it. */
export class ReservedHistoryChannel<out M extends Message = Message> implements Channel<M, 'history', never> {
  readonly name: string;
  readonly delivery = 'history';
  readonly durability = 'memory';
  readonly snapshot: readonly [] = [];

  constructor(
    purpose: string,
    readonly messages: readonly MessageClass<M>[],
    readonly history: HistoryLength,
  ) {
    this.name = `${RESERVED_START}${purpose}`;
  }
}

/** A channel of nestwire itself; an application cannot name it. */
export class ReservedChannel<out M extends Message = Message> implements Channel<M, 'ephemeral', never> {
  readonly name: string;
  readonly delivery = 'ephemeral';
  readonly history = undefined;
  readonly durability = 'memory';
  readonly snapshot: readonly [] = [];

  constructor(
    purpose: string,
    readonly messages: readonly MessageClass<M>[],
  ) {
    this.name = `${RESERVED_START}${purpose}`;
  }
}
