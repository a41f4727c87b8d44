import type { ClientClock } from '@nestwire/client';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/**
 * A clock that only a test advances.
 *
 * Pass it to a client as `clock`. Reconnects, timeouts and heartbeats then depend on `advance()`, and
 * `chance` replaces the client's random numbers.
 */
export class FakeClock implements ClientClock {
  /** The result of `random()`: 0 gives the shortest delay, 1 the longest. */
  chance = 1;
  private readonly timers = new Set<Timer>();
  private nowMs = 0;

  /** The number of pending timers. */
  get pending(): number {
    return this.timers.size;
  }

  now(): number {
    return this.nowMs;
  }

  random(): number {
    return this.chance;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.nowMs + Math.max(0, delayMs), run };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /** Advances the time and runs the due timers in order. */
  advance(byMs: number): void {
    const end = this.nowMs + byMs;
    for (let timer = this.due(end); timer; timer = this.due(end)) {
      this.timers.delete(timer);
      this.nowMs = Math.max(this.nowMs, timer.at);
      timer.run();
    }
    this.nowMs = end;
  }

  private due(end: number): Timer | undefined {
    const due = [...this.timers].filter(({ at }) => at <= end);
    return due.reduce<Timer | undefined>(
      (first, next) => (first && first.at <= next.at ? first : next),
      undefined,
    );
  }
}
