import type { ResolvedOptions } from '../client-options.js';

/**
 * Computes the wait between attempts.
 *
 * A wait is a random part of a bound, which doubles with each failure and shrinks while a connection lasts.
 */
export class Backoff {
  readonly #options: ResolvedOptions;
  #boundMs = 0;

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /** Returns the wait before the next attempt, in ms. */
  next(): number {
    const { clock, minRetryMs, maxRetryMs } = this.#options;
    const boundMs = Math.min(maxRetryMs, Math.max(minRetryMs, this.#boundMs));
    this.#boundMs = boundMs * 2;
    return clock.random() * boundMs;
  }

  /** Lowers the bound by the health of the last connection: 1 forgets all failures, 0 none. */
  forget(health: number): void {
    const { minRetryMs, maxRetryMs } = this.#options;
    // The exponent keeps part of the bound for a connection that is lost now and then.
    this.#boundMs = Math.min(maxRetryMs, this.#boundMs) * (minRetryMs / (maxRetryMs || 1)) ** health;
  }
}
