import { clientError } from '../client-error.js';
import type { ResolvedOptions } from '../client-options.js';
import { messageQueue, type MessageQueue } from '../connection/message-queue.js';

/** The messages of one stream, for any number of readers at once. */
export interface MessageStream<T> {
  /** The number of messages that were discarded because a reader's queue was full. */
  readonly dropped: number;
  /** The number of ignored messages: malformed, or of a class that is not in `messages`. */
  readonly ignored: number;
  /** Starts a reader; its `return()` ends it, even while it waits. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined>;
}

/** The callbacks of the readers. */
export interface StreamIteratorsOwner {
  /** Called for a new reader; truthy when earlier messages were already delivered to others. */
  readonly used: (isLate: unknown) => void;
  /** Called when a message has left the queue of a reader. */
  readonly taken: () => void;
}

/** Delivers each message to every reader. */
export interface StreamIterators<T> extends MessageStream<T> {
  /** The number of pushed messages. */
  given: number;
  /** The number of those that the slowest reader has read or dropped. */
  readonly taken: number;
  /** The number of readers. */
  readonly readers: number;
  dropped: number;
  ignored: number;
  push(message: T): void;
  /** Discards unread messages; readers continue. */
  clear(): void;
  /** The feed of the stores of this stream, which keeps messages of the former user until `clear`. */
  feed?: { clear(): void };
  /** Ends all readers, and discards messages for the first one. */
  end(error?: unknown): void;
}

/** The number of messages that were pushed before a message. */
const givenBefore = new WeakMap<object, number>();

/** Makes a stream without readers. */
export function iteratorsOf<T>(
  name: string,
  options: ResolvedOptions,
  owner: StreamIteratorsOwner,
): StreamIterators<T> {
  const { maxUnreadMessages, overflow, onWarning } = options;
  const queues = new Set<MessageQueue<T>>();
  // The queue of messages without a reader, for the first one.
  let spare = messageQueue<T>();
  return {
    given: 0,
    get taken() {
      return Math.min(
        ...[...queues, spare].map(({ unread: [first] }) => givenBefore.get(first as object) ?? this.given),
      );
    },
    get readers() {
      return queues.size;
    },
    dropped: 0,
    ignored: 0,
    [Symbol.asyncIterator]() {
      const queue = spare;
      const isLate = queues.size && this.given;
      spare = messageQueue();
      queues.add(queue);
      owner.used(isLate);
      return queue.read(() => queues.delete(queue), owner.taken);
    },
    push(message) {
      givenBefore.set(message as object, this.given++);
      for (const queue of queues.size ? queues : [spare]) {
        if (queue.unread.length >= maxUnreadMessages) {
          if (!this.dropped++) onWarning(`nestwire: ${name} drops messages`);
          if (overflow === 'fail') {
            queue.end(clientError('READER_OVERFLOW'));
            queues.delete(queue);
          }
          if (overflow !== 'drop-oldest') continue;
          queue.unread.shift();
        }
        queue.push(message);
      }
    },
    clear() {
      for (const { unread } of [...queues, spare]) unread.length = 0;
      this.feed?.clear();
    },
    end(error) {
      for (const queue of queues) queue.end(error);
      queues.clear();
      spare = messageQueue();
    },
  };
}
