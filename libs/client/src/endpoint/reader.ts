import { Deferred } from '../connection/deferred.js';

/** One reader of a stream: a bounded queue, and the loop that empties it. */
export class Reader<T> implements AsyncIterableIterator<T, undefined> {
  readonly #unread: T[] = [];
  readonly #waiting: Deferred<IteratorResult<T, undefined>>[] = [];
  #ended = false;
  #error: unknown;

  constructor(private readonly left: (reader: Reader<T>) => void) {}

  /** How many messages wait. */
  get size(): number {
    return this.#unread.length;
  }

  push(message: T): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve({ value: message, done: false });
    else this.#unread.push(message);
  }

  /** Discards the message that waits longest. */
  dropOldest(): void {
    this.#unread.shift();
  }

  /** Ends the reader once it has read what waits; with an error, if there is one. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (const waiting of this.#waiting.splice(0)) waiting.resolve(this.#last());
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#unread.length) return Promise.resolve({ value: this.#unread.shift()!, done: false });
    if (this.#ended) return this.#last();
    const waiting = new Deferred<IteratorResult<T, undefined>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#unread.length = 0;
    this.end();
    this.left(this);
    return this.#last();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What a reader gets when nothing is left: the error, once, and then the end. */
  async #last(): Promise<IteratorResult<T, undefined>> {
    const error = this.#error;
    this.#error = undefined;
    if (error) throw error;
    return { value: undefined, done: true };
  }
}
