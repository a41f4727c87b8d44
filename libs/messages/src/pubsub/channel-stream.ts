import type { Message, MessageClass } from '@nestwire/protocol';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { deferred, type Deferred } from '../scheduling/deferred.js';
import { lifeOf, onAbort, type Life } from '../scheduling/on-abort.js';
import type { Publication } from './publication.js';

/** What a stream does with a message that finds its queue full. */
export type StreamOverflow = 'drop-oldest' | 'drop-newest' | 'fail';

/** How a stream holds messages until they are read. */
export interface StreamOptions {
  /** Ends the stream when it aborts. */
  readonly signal?: AbortSignal;
  /**
   * The most messages that wait for their reader.
   *
   * @default 1_000
   */
  readonly limit?: number;
  /**
   * What happens beyond the limit: the oldest or the newest message is dropped and counted, or
   * the stream reports STREAM_OVERFLOW and goes on with an empty queue.
   *
   * @default 'drop-oldest'
   */
  readonly overflow?: StreamOverflow;
}

/** What a stream tells its owner. */
export interface StreamEvents {
  readonly ended: () => void;
  readonly dropped: (messages: number) => void;
}

type Waiter<M> = Deferred<IteratorResult<M, undefined>>;
type Item = Publication | MessagesError;

/** The most messages that wait in a stream unless it says otherwise. */
export const DEFAULT_STREAM_LIMIT = 1_000;

/**
 * The messages of a channel, to iterate over; attached from the moment it is made.
 *
 * A message that cannot be read as one of the stream's classes rejects one `next()`; the stream goes
 * on, so a new `for await` over the same stream continues behind it. Leaving a `for await` with
 * `break` or `return` ends the stream; so does its signal. Several readers share the messages.
 */
export class ChannelStream<M extends Message = Message> implements AsyncIterableIterator<M, undefined> {
  /** Settles when posts of the cluster are heard too; what this process posts is heard at once. */
  attached: Promise<void> = Promise.resolve();
  readonly #classes: readonly MessageClass<M>[] | undefined;
  readonly #limit: number;
  readonly #overflow: StreamOverflow;
  readonly #events: StreamEvents;
  readonly #offAbort: (() => void) | undefined;
  readonly #life: Life | undefined;
  #items: Item[] = [];
  #waiters: Waiter<M>[] = [];
  #ended = false;
  #dropped = 0;

  constructor(
    classes: readonly MessageClass<M>[] | undefined,
    { signal, limit = DEFAULT_STREAM_LIMIT, overflow = 'drop-oldest' }: StreamOptions,
    events: StreamEvents,
  ) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`The limit of a stream is a whole number from 1 on; got ${limit}.`);
    this.#classes = classes;
    this.#limit = limit;
    this.#overflow = overflow;
    this.#events = events;
    if (!signal) return;
    this.#life = lifeOf(signal);
    this.#offAbort = onAbort(signal, () => this.end());
  }

  /** How many messages the stream dropped because nobody read them in time. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether the stream has ended; it gives no more messages then. */
  get ended(): boolean {
    return this.#ended || this.#life?.isOver === true;
  }

  /** How many messages wait for their reader. */
  protected get unread(): number {
    return this.#items.length;
  }

  /** Whether a reader waits for the next message. */
  protected get isAwaited(): boolean {
    return this.#waiters.length > 0;
  }

  /** Whether one more message finds the queue full. */
  protected get isFull(): boolean {
    return this.#waiters.length === 0 && this.#items.length >= this.#limit;
  }

  /** Drops the messages that wait, and counts them. */
  protected dropUnread(): void {
    const lost = this.#items.length;
    if (lost === 0) return;
    this.#items = [];
    this.#dropped += lost;
    this.#events.dropped(lost);
  }

  /** Takes a publication; the service calls it. */
  push(publication: Publication): void {
    if (this.ended) return;
    const waiter = this.#waiters.shift();
    if (waiter) this.#settle(waiter, publication);
    else if (this.#items.length < this.#limit) this.#items.push(publication);
    else this.#overflowWith(publication);
  }

  /**
   * Returns the next message, waiting for it if need be; done when the stream has ended.
   *
   * @throws {MessagesError} WRONG_MESSAGE for a message of another class; the next call goes on
   * @throws {MessagesError} STREAM_OVERFLOW when messages were lost under the policy `fail`
   */
  next(): Promise<IteratorResult<M, undefined>> {
    if (this.#life?.isOver) this.end();
    const waiter = deferred<IteratorResult<M, undefined>>();
    const item = this.#items.shift();
    if (item) this.#settle(waiter, item);
    else if (this.#ended) waiter.resolve({ done: true, value: undefined });
    else this.#waiters.push(waiter);
    return waiter.promise;
  }

  /** Ends the stream; `for await` calls it on leaving. */
  async return(): Promise<IteratorResult<M, undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  /** Ends the stream: what waits is let go of, readers are done. May be called again. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#items = [];
    this.#offAbort?.();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
    this.#events.ended();
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

  #overflowWith(publication: Publication): void {
    const lost = this.#overflow === 'fail' ? this.#items.length + 1 : 1;
    this.#dropped += lost;
    this.#events.dropped(lost);
    if (this.#overflow === 'drop-newest') return;
    if (this.#overflow === 'fail') {
      this.#items = [overflowError(this.#limit)];
      return;
    }
    this.#items.shift();
    this.#items.push(publication);
  }

  #settle(waiter: Waiter<M>, item: Item): void {
    try {
      if (item instanceof MessagesError) throw item;
      waiter.resolve({ done: false, value: this.#read(item) });
    } catch (error) {
      waiter.reject(error);
    }
  }

  #read(publication: Publication): M {
    if (!this.#classes || !publication.isForeignTo(this.#classes)) return publication.message as M;
    const { channel, type } = publication;
    throw new MessagesError(
      MessagesErrorCode.WrongMessage,
      `The stream of channel '${channel}' takes ${this.#classes.map((cls) => cls.name).join(', ')}; got '${type}'.`,
    );
  }
}

function overflowError(limit: number): MessagesError {
  return new MessagesError(
    MessagesErrorCode.StreamOverflow,
    `More than ${limit} messages waited in the stream; they are lost. Read faster, or raise its limit.`,
  );
}
