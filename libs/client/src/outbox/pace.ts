import type { ClientClock } from '../transport/clock.js';

/** Half of a server's default rate limit per connection. */
const MESSAGES_PER_SECOND = 100;
/** The size of a burst after a pause, in milliseconds of the rate. */
const BURST_MS = 1_000;

/** Limits the rate of stored messages, so that the server does not refuse them. */
export class Pace {
  #dueMs = -Infinity;
  readonly #waiting = new Set<() => void>();

  /** Returns a promise that resolves when one more message may be sent; undefined if it may be sent now. */
  next(clock: ClientClock): Promise<void> | undefined {
    const now = clock.now();
    this.#dueMs = Math.max(this.#dueMs, now - BURST_MS) + 1_000 / MESSAGES_PER_SECOND;
    if (this.#dueMs <= now) return undefined;
    return new Promise((resolve) => {
      const cancel = clock.after(this.#dueMs - now, () => {
        this.#waiting.delete(cancel);
        resolve();
      });
      this.#waiting.add(cancel);
    });
  }

  /** Cancels all waiting messages. */
  stop(): void {
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }
}
