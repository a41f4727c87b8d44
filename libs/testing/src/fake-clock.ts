import type { Clock } from '@nestwire/client';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/**
 * A clock that stands still until a test moves it.
 *
 * Give it to a client as `clock`: reconnects, timeouts and heartbeats then happen when the test
 * says so, and `chance` is what the client draws in place of random numbers.
 */
export class FakeClock implements Clock {
  /** What `random()` answers: 0 is the shortest wait, 1 the longest. */
  chance = 1;
  readonly #timers = new Set<Timer>();
  #nowMs = 0;

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  random(): number {
    return this.chance;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#nowMs + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves time on, and runs what becomes due, earliest first. */
  advance(byMs: number): void {
    const end = this.#nowMs + byMs;
    for (let timer = this.#due(end); timer; timer = this.#due(end)) {
      this.#timers.delete(timer);
      this.#nowMs = Math.max(this.#nowMs, timer.at);
      timer.run();
    }
    this.#nowMs = end;
  }

  #due(end: number): Timer | undefined {
    const due = [...this.#timers].filter(({ at }) => at <= end);
    return due.reduce<Timer | undefined>(
      (first, next) => (first && first.at <= next.at ? first : next),
      undefined,
    );
  }
}
