import type { Message, MessageClass } from '@nestwire/protocol';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { deferred, type Deferred } from '../scheduling/deferred.js';
import { lifeOf, onAbort, type Life } from '../scheduling/on-abort.js';
import { PUSH, SET_ATTACHED } from './hidden-members.js';
import type { Publication } from './publication.js';

/** The policy of a stream for a message that finds its queue full. */
export type StreamOverflow = 'drop-oldest' | 'drop-newest' | 'fail';

/** The options of a stream. */
export interface StreamOptions {
  /** Ends the stream when it aborts. */
  readonly signal?: AbortSignal;
  /**
   * The most unread messages.
   *
   * @default 1_000
   */
  readonly limit?: number;
  /**
   * The policy beyond the limit: the oldest or the newest message is dropped and counted, or the stream
   * reports STREAM_OVERFLOW and continues with an empty queue.
   *
   * @default 'drop-oldest'
   */
  readonly overflow?: StreamOverflow;
}

/** The callbacks of a stream into its owner. */
export interface StreamEvents {
  readonly ended: () => void;
  readonly dropped: (messages: number) => void;
}

type Waiter<M> = Deferred<IteratorResult<M, undefined>>;
type Item = Publication | MessagesError;

/** The default limit of unread messages of a stream. */
export const DEFAULT_STREAM_LIMIT = 1_000;

/**
 * The messages of a channel as an iterable; it subscribes when it is made.
 *
 * A message of an unexpected class rejects one `next()`. The stream continues, so a new `for await` over the
 * same stream starts with the next message. Leaving a `for await` by `break` or `return` ends the stream, as
 * its signal does. Several loops over one stream share the messages.
 */
export class ChannelStream<M extends Message = Message> implements AsyncIterableIterator<M, undefined> {
  private readonly classes: readonly MessageClass<M>[] | undefined;
  private readonly limit: number;
  private readonly overflow: StreamOverflow;
  private readonly events: StreamEvents;
  private readonly offAbort: (() => void) | undefined;
  private readonly life: Life | undefined;
  private attachment: Promise<void> = Promise.resolve();
  private items: Item[] = [];
  private waiters: Waiter<M>[] = [];
  private hasEnded = false;
  private droppedCount = 0;

  constructor(
    classes: readonly MessageClass<M>[] | undefined,
    { signal, limit = DEFAULT_STREAM_LIMIT, overflow = 'drop-oldest' }: StreamOptions,
    events: StreamEvents,
  ) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`The option "limit" of a stream is a whole number from 1; got ${limit}.`);
    this.classes = classes;
    this.limit = limit;
    this.overflow = overflow;
    this.events = events;
    if (!signal) return;
    this.life = lifeOf(signal);
    this.offAbort = onAbort(signal, () => this.end());
  }

  /** The number of messages that the stream dropped because they were not read in time. */
  get dropped(): number {
    return this.droppedCount;
  }

  /** True when the stream has ended and yields no more messages. */
  get ended(): boolean {
    return this.hasEnded || this.life?.isOver === true;
  }

  /** The number of unread messages. */
  protected get unread(): number {
    return this.items.length;
  }

  /** True when a call of `next` waits for a message. */
  protected get isAwaited(): boolean {
    return this.waiters.length > 0;
  }

  /** True when another message finds the queue full. */
  protected get isFull(): boolean {
    return this.waiters.length === 0 && this.items.length >= this.limit;
  }

  /** Drops and counts the unread messages. */
  protected dropUnread(): void {
    const lost = this.items.length;
    if (lost === 0) return;
    this.items = [];
    this.droppedCount += lost;
    this.events.dropped(lost);
  }

  /** Settles when posts of other processes are received too; posts of this process are received at once. */
  get attached(): Promise<void> {
    return this.attachment;
  }

  /** Sets the promise of `attached`. */
  [SET_ATTACHED](attached: Promise<void>): void {
    this.attachment = attached;
  }

  /** Adds a publication. */
  [PUSH](publication: Publication): void {
    if (this.ended) return;
    const waiter = this.waiters.shift();
    if (waiter) this.settle(waiter, publication);
    else if (this.items.length < this.limit) this.items.push(publication);
    else this.overflowWith(publication);
  }

  /**
   * Resolves to the next message; done when the stream has ended.
   *
   * @throws {MessagesError} WRONG_MESSAGE for a message of another class; the next call continues
   * @throws {MessagesError} STREAM_OVERFLOW when messages were lost under the policy `fail`
   */
  next(): Promise<IteratorResult<M, undefined>> {
    if (this.life?.isOver) this.end();
    const waiter = deferred<IteratorResult<M, undefined>>();
    const item = this.items.shift();
    if (item) this.settle(waiter, item);
    else if (this.hasEnded) waiter.resolve({ done: true, value: undefined });
    else this.waiters.push(waiter);
    return waiter.promise;
  }

  /** Ends the stream; `for await` calls it when the loop is left. */
  async return(): Promise<IteratorResult<M, undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  /** Ends the stream and drops unread messages; waiting calls are done. A second call changes nothing. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.items = [];
    this.offAbort?.();
    for (const waiter of this.waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
    this.events.ended();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }

  private overflowWith(publication: Publication): void {
    const lost = this.overflow === 'fail' ? this.items.length + 1 : 1;
    this.droppedCount += lost;
    this.events.dropped(lost);
    if (this.overflow === 'drop-newest') return;
    if (this.overflow === 'fail') {
      this.items = [overflowError(this.limit)];
      return;
    }
    this.items.shift();
    this.items.push(publication);
  }

  private settle(waiter: Waiter<M>, item: Item): void {
    try {
      if (item instanceof MessagesError) throw item;
      waiter.resolve({ done: false, value: this.read(item) });
    } catch (error) {
      waiter.reject(error);
    }
  }

  private read(publication: Publication): M {
    if (!this.classes || !publication.isForeignTo(this.classes)) return publication.message as M;
    const { channel, type } = publication;
    throw new MessagesError(
      MessagesErrorCode.WrongMessage,
      `The stream of channel '${channel}' yields ${this.classes.map((cls) => cls.name).join(', ')}, but got '${type}'. ` +
        'Add the class, or post on another channel.',
    );
  }
}

function overflowError(limit: number): MessagesError {
  return new MessagesError(
    MessagesErrorCode.StreamOverflow,
    `More than ${limit} messages were unread in the stream; they are lost. Read faster, or raise "limit".`,
  );
}
