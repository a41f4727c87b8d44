import { clientError } from '../client-error.js';
import type { ResolvedOptions } from '../client-options.js';
import { MessageQueue } from './message-queue.js';

/** The messages of one stream, for any number of readers at once. */
export interface MessageStream<T> {
  /** How many messages were discarded because a reader's queue was full. */
  readonly dropped: number;
  /** How many messages were ignored: of a class that is not listed in `messages`, or malformed. */
  readonly ignored: number;
  /** Starts a reader; its `return()` ends it, even while it waits. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined>;
}

/**
 * Hands each message to every reader.
 *
 * While nobody reads, a spare queue keeps the messages for the first who comes.
 */
export class Readers<T> implements MessageStream<T> {
  dropped = 0;
  ignored = 0;
  /** The queue for a first reader, while there is none. */
  #spare? = new MessageQueue<T>();
  readonly #queues = new Set([this.#spare!]);

  constructor(
    private readonly name: string,
    private readonly options: ResolvedOptions,
    private readonly used: () => void,
  ) {}

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    const queue = this.#spare ?? new MessageQueue<T>();
    this.#spare = undefined;
    this.#queues.add(queue);
    this.used();
    const loop = queue.read();
    return {
      next: () => loop.next(),
      return: () => {
        queue.unread.length = 0;
        this.#end(queue);
        return loop.return(undefined);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  push(message: T): void {
    const { maxUnreadMessages, overflow } = this.options;
    for (const queue of this.#queues) {
      if (queue.unread.length >= maxUnreadMessages) {
        if (!this.dropped++) this.#warn('dropped, as no reader keeps up');
        if (overflow === 'fail')
          queue.end(clientError('READER_OVERFLOW', `${maxUnreadMessages} messages were unread`));
        if (overflow !== 'drop-oldest') continue;
        queue.unread.shift();
      }
      queue.push(message);
    }
  }

  /** Counts a message that cannot be read. */
  ignore(type: string, cause: unknown): void {
    if (!this.ignored++) this.#warn(`ignored: is ${type} listed?`, cause);
  }

  /** Ends all readers; forgets what waits for a first one. */
  end(error?: unknown): void {
    for (const queue of [...this.#queues]) this.#end(queue, error);
  }

  #end(queue: MessageQueue<T>, error?: unknown): void {
    queue.end(error);
    this.#queues.delete(queue);
    if (!this.#queues.size) this.#queues.add((this.#spare = new MessageQueue()));
  }

  #warn(what: string, cause?: unknown): void {
    this.options.onWarning(`nestwire: messages of "${this.name}" are ${what}`, cause);
  }
}
