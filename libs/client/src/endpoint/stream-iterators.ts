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

/** What hears of the readers. */
export interface StreamIteratorsOwner {
  /** A reader has come; one that is late misses what others were given. */
  readonly used: (isLate: unknown) => void;
  /** A message has left the queue of a reader. */
  readonly taken: () => void;
}

/** What hands each message to every reader. */
export interface StreamIterators<T> extends MessageStream<T> {
  /** How many messages were pushed. */
  given: number;
  /** How many of those the slowest reader has taken; what it dropped counts as taken. */
  readonly taken: number;
  dropped: number;
  ignored: number;
  push(message: T): void;
  /** Forgets what waits for readers; they go on. */
  clear(): void;
  /** Ends all readers; forgets what waits for a first one. */
  end(error?: unknown): void;
}

/** How many messages its stream had given to readers before a message. */
const givenBefore = new WeakMap<object, number>();

/** Makes a stream that nobody reads yet. */
export function iteratorsOf<T>(
  name: string,
  options: ResolvedOptions,
  owner: StreamIteratorsOwner,
): StreamIterators<T> {
  const { maxUnreadMessages, overflow, onWarning } = options;
  const queues = new Set<MessageQueue<T>>();
  // Keeps what comes while nobody reads for the first who does.
  let spare = messageQueue<T>();
  return {
    given: 0,
    get taken() {
      return Math.min(
        ...[...queues, spare].map(({ unread: [first] }) => givenBefore.get(first as object) ?? this.given),
      );
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
          if (overflow === 'fail') fail(queue, queues);
          if (overflow !== 'drop-oldest') continue;
          queue.unread.shift();
        }
        queue.push(message);
      }
    },
    clear() {
      for (const { unread } of [...queues, spare]) unread.length = 0;
    },
    end(error) {
      for (const queue of queues) queue.end(error);
      queues.clear();
      spare = messageQueue();
    },
  };
}

/** Ends a reader that does not keep up. */
function fail<T>(queue: MessageQueue<T>, queues: Set<MessageQueue<T>>): void {
  queue.end(clientError('READER_OVERFLOW'));
  queues.delete(queue);
}
