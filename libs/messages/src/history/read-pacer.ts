import type { Clock } from '../scheduling/clock.js';
import type { ReadQueue } from './read-queue.js';

const MIN_INTERVAL_MS = 200;

/** What a pacer works with. */
export interface PacerContext {
  readonly clock: Clock;
  readonly queue: Pick<ReadQueue, 'retry'>;
}

/**
 * Runs one read at a time, and the next one when one is asked for meanwhile.
 *
 * A read that failed is tried again by the queue, with a growing, random pause; a good one that asks for
 * another at once has to wait a moment, so that nothing turns in circles.
 */
export class ReadPacer {
  #isReading = false;
  #isWanted = false;
  #isClosed = false;
  #isPaused = false;
  #lastAtMs = -Infinity;
  #cancel: (() => void) | undefined;

  constructor(
    private readonly context: PacerContext,
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
    this.#isPaused = false;
    this.#cancel?.();
    void this.#run();
  }

  /** Reads, but not sooner than a moment after the last time. */
  wantSoon(): void {
    // Asked for a thousand times in a turn, it sets one timer.
    if (this.#isPaused || this.#isClosed) return;
    const { clock } = this.context;
    const waitMs = this.#lastAtMs + MIN_INTERVAL_MS - clock.now();
    if (waitMs <= 0) return this.want();
    this.#cancel?.();
    this.#isPaused = true;
    this.#cancel = clock.after(waitMs, () => {
      this.#isPaused = false;
      this.want();
    });
  }

  /** Reads no more; the read under way comes to nothing. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  /** Resolves to whether the reads succeeded. */
  async #run(): Promise<boolean> {
    this.#isReading = true;
    let isGood = true;
    while (isGood && this.#isWanted && !this.#isClosed) {
      this.#isWanted = false;
      this.#lastAtMs = this.context.clock.now();
      isGood = await this.read().then(
        () => true,
        (error: unknown) => this.#retryLater(error),
      );
    }
    this.#isReading = false;
    return isGood;
  }

  #retryLater(error: unknown): false {
    if (this.#isClosed) return false;
    this.failed(error);
    this.#isPaused = false;
    this.#cancel?.();
    this.#cancel = this.context.queue.retry(() => this.#retry());
    return false;
  }

  #retry(): Promise<boolean> {
    // Asked for again meanwhile: that read tells.
    if (this.#isClosed || this.#isReading) return Promise.resolve(false);
    this.#isWanted = true;
    return this.#run();
  }
}
