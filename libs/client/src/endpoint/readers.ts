import { clientError } from '../client-error.js';
import type { ResolvedOptions } from '../client-options.js';
import { messageQueue, type MessageQueue } from './message-queue.js';

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
  #spare = messageQueue<T>();
  readonly #queues = new Set<MessageQueue<T>>();
  readonly #name: string;
  readonly #options: ResolvedOptions;
  readonly #used: () => void;

  constructor(name: string, options: ResolvedOptions, used: () => void) {
    this.#name = name;
    this.#options = options;
    this.#used = used;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    const queue = this.#spare;
    const loop = queue.read();
    const leave = loop.return.bind(loop);
    this.#spare = messageQueue();
    this.#queues.add(queue);
    this.#used();
    // A generator that waits would not return before the next message.
    loop.return = () => {
      queue.unread.length = 0;
      queue.end();
      this.#queues.delete(queue);
      return leave(undefined);
    };
    return loop;
  }

  push(message: T): void {
    const { maxUnreadMessages, overflow, onWarning } = this.#options;
    for (const queue of this.#queues.size ? this.#queues : [this.#spare]) {
      if (queue.unread.length >= maxUnreadMessages) {
        if (!this.dropped++) onWarning(`nestwire: ${this.#name} drops messages`);
        if (overflow === 'fail') {
          queue.end(clientError('READER_OVERFLOW'));
          this.#queues.delete(queue);
        }
        if (overflow !== 'drop-oldest') continue;
        queue.unread.shift();
      }
      queue.push(message);
    }
  }

  /** Counts a message that cannot be read. */
  ignore(type: string, cause: unknown): void {
    if (!this.ignored++) this.#options.onWarning(`nestwire: ${this.#name} ignores ${type}`, cause);
  }

  /** Ends all readers; forgets what waits for a first one. */
  end(error?: unknown): void {
    for (const queue of this.#queues) queue.end(error);
    this.#queues.clear();
    this.#spare = messageQueue();
  }
}
