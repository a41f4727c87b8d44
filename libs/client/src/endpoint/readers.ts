import { clientError } from '../client-error.js';
import type { ResolvedOptions } from '../client-options.js';
import { Reader } from './reader.js';

/** The messages of one stream, for any number of readers at once. */
export interface MessageStream<T> extends AsyncIterable<T, undefined> {
  /** How many messages were discarded because a reader's queue was full. */
  readonly dropped: number;
  /** How many messages were ignored: of a class that is not listed in `messages`, or malformed. */
  readonly ignored: number;
}

/**
 * Hands each message to every reader.
 *
 * While nobody reads, a spare reader keeps the messages for the first who comes.
 */
export class Readers<T> implements MessageStream<T> {
  dropped = 0;
  ignored = 0;
  readonly #readers = new Set<Reader<T>>();
  #spare = this.#reader();

  constructor(
    private readonly options: ResolvedOptions,
    private readonly used: () => void,
    private readonly overflowed: () => void,
  ) {}

  [Symbol.asyncIterator](): Reader<T> {
    const reader = this.#readers.size ? this.#reader() : this.#spare;
    this.#readers.add(reader);
    this.used();
    return reader;
  }

  push(message: T): void {
    if (!this.#readers.size) this.#give(this.#spare, message);
    for (const reader of this.#readers) this.#give(reader, message);
  }

  /** Ends all readers. */
  end(error?: unknown): void {
    for (const reader of [...this.#readers]) {
      reader.end(error);
      this.#forget(reader);
    }
  }

  /** Discards what waits for a first reader. */
  clear(): void {
    this.#spare = this.#reader();
  }

  #reader(): Reader<T> {
    return new Reader((reader) => this.#forget(reader));
  }

  #forget(reader: Reader<T>): void {
    this.#readers.delete(reader);
    if (!this.#readers.size) this.clear();
  }

  #give(reader: Reader<T>, message: T): void {
    const { maxUnreadMessages, overflow } = this.options;
    if (reader.size >= maxUnreadMessages) {
      this.dropped++;
      this.overflowed();
      if (overflow === 'fail')
        reader.end(clientError('READER_OVERFLOW', `More than ${maxUnreadMessages} messages were unread.`));
      if (overflow !== 'drop-oldest') return;
      reader.dropOldest();
    }
    reader.push(message);
  }
}
