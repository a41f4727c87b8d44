import type { MessagesStatus } from './broker.js';

/** Those who are told how far posts reach, safe from each other. */
export class StatusListeners {
  readonly #listeners = new Set<{ readonly call: (status: MessagesStatus) => void }>();

  constructor(private readonly failed: (error: unknown) => void) {}

  /** Adds one; returns the function that removes it. */
  add(listener: (status: MessagesStatus) => void): () => void {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** Tells all. */
  tell(status: MessagesStatus): void {
    for (const { call } of this.#listeners) {
      try {
        call(status);
      } catch (error) {
        this.failed(error);
      }
    }
  }
}
