import type { Clock } from '../delivery/clock.js';

const MIN_INTERVAL_MS = 200;
const MAX_BACKOFF_MS = 1_000;

/**
 * Runs one read at a time, and the next one when one is asked for meanwhile.
 *
 * A read that failed is tried again with a growing, random pause; a good one that asks for another
 * at once has to wait a moment, so that nothing turns in circles.
 */
export class ReadPacer {
  #isReading = false;
  #isWanted = false;
  #isClosed = false;
  #failures = 0;
  #lastAtMs = -Infinity;
  #cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly read: () => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Whether what a read brings is of no use any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Reads now; behind the read that is under way if there is one. */
  want(): void {
    if (this.#isClosed) return;
    this.#isWanted = true;
    if (this.#isReading) return;
    this.#cancel?.();
    void this.#run();
  }

  /** Reads, but not sooner than a moment after the last time. */
  wantSoon(): void {
    const waitMs = this.#lastAtMs + MIN_INTERVAL_MS - this.clock.now();
    if (waitMs <= 0) return this.want();
    this.#cancel?.();
    this.#cancel = this.clock.after(waitMs, () => this.want());
  }

  /** Reads no more; the read under way comes to nothing. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  async #run(): Promise<void> {
    this.#isReading = true;
    while (this.#isWanted && !this.#isClosed) {
      this.#isWanted = false;
      this.#lastAtMs = this.clock.now();
      try {
        await this.read();
        this.#failures = 0;
      } catch (error) {
        this.#retryLater(error);
        break;
      }
    }
    this.#isReading = false;
  }

  #retryLater(error: unknown): void {
    if (this.#isClosed) return;
    this.failed(error);
    this.#cancel?.();
    const boundMs = Math.min(MAX_BACKOFF_MS, 50 * 2 ** Math.min(this.#failures++, 8));
    this.#cancel = this.clock.after(boundMs * (0.5 + Math.random() / 2), () => this.want());
  }
}
