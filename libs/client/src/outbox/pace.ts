import type { Clock } from '../transport/clock.js';

/** Half of what servers take of one connection unless they are told otherwise. */
const MESSAGES_PER_SECOND = 100;
/** How many may go at once after a pause: those of a second. */
const BURST_MS = 1_000;

/** Spreads what has gathered, so that the server does not refuse it as a flood. */
export class Pace {
  #dueMs = -Infinity;
  readonly #waiting = new Set<() => void>();

  /** Returns what resolves when one more may go; undefined if it may go now. */
  next(clock: Clock): Promise<void> | undefined {
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

  /** Lets go of what waits: it goes no more. */
  stop(): void {
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }
}
