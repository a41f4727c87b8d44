import type { BoxChanges } from '../transport/indexed-boxes.js';

/** Writes the changes of one box; those that come while it writes go together. */
export class BoxWriter<T> {
  readonly #commit: (changes: BoxChanges<T>) => Promise<void>;
  #changes = new Map<number, T | undefined>();
  #next?: Promise<void>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(commit: (changes: BoxChanges<T>) => Promise<void>) {
    this.#commit = commit;
  }

  /** Resolves when the value stands there, or none; what was written is read when its turn comes. */
  write(key: number, value: T | undefined): Promise<void> {
    this.#changes.set(key, value);
    this.#next ??= this.#last.then(() => this.#flush());
    return this.#next;
  }

  /** Resolves when nothing is being written. */
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

  /** What is gone must not come back: removals that failed go with what is written next. */
  #keepRemovals(changes: BoxChanges<T>): void {
    for (const [key, value] of changes)
      if (!value && !this.#changes.has(key)) this.#changes.set(key, undefined);
  }
}
