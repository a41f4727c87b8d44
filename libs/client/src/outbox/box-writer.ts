import type { BoxChanges } from '../transport/indexed-boxes.js';

/** Writes the changes of one box; changes during a write form the next batch. */
export class BoxWriter<T> {
  readonly #commit: (changes: BoxChanges<T>) => Promise<void>;
  #changes = new Map<number, T | undefined>();
  #next?: Promise<void>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(commit: (changes: BoxChanges<T>) => Promise<void>) {
    this.#commit = commit;
  }

  /**
   * Resolves when the value is stored, or removed if undefined; the value is read when the batch is written.
   */
  write(key: number, value: T | undefined): Promise<void> {
    this.#changes.set(key, value);
    this.#next ??= this.#last.then(() => this.#flush());
    return this.#next;
  }

  /** Resolves when no write is in progress. */
  async idle(): Promise<void> {
    await this.#next?.catch(() => undefined);
    await this.#last;
  }

  async #flush(): Promise<void> {
    const changes = this.#changes;
    this.#changes = new Map();
    this.#next = undefined;
    const written = this.#commit(changes);
    this.#last = written.catch(() => this.#keepRemovals(changes));
    await written;
  }

  /** Retries failed removals with the next batch, so that removed messages do not return. */
  #keepRemovals(changes: BoxChanges<T>): void {
    for (const [key, value] of changes)
      if (!value && !this.#changes.has(key)) this.#changes.set(key, undefined);
  }
}
