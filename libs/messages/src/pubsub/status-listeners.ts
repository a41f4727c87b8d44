import type { MessagesStatus } from './broker.js';

/** The listeners of the status; a failing listener disturbs no other. */
export class StatusListeners {
  private readonly listeners = new Set<{ readonly call: (status: MessagesStatus) => void }>();

  constructor(private readonly failed: (error: unknown) => void) {}

  /** Adds a listener; returns a function that removes it. */
  add(listener: (status: MessagesStatus) => void): () => void {
    const entry = { call: listener };
    this.listeners.add(entry);
    return () => void this.listeners.delete(entry);
  }

  /** Calls all listeners. */
  notify(status: MessagesStatus): void {
    for (const { call } of this.listeners) {
      try {
        call(status);
      } catch (error) {
        this.failed(error);
      }
    }
  }
}
