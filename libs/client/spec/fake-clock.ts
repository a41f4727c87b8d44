import type { ClientClock } from '../src/transport/clock.js';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that only a test advances. */
export class FakeClock implements ClientClock {
  /** The result of `random()`. */
  chance = 1;
  readonly #timers = new Set<Timer>();
  #now = 0;

  /** The number of pending timers. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Advances the time and runs the due timers in order. */
  advance(byMs: number): void {
    const end = this.#now + byMs;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }
}
