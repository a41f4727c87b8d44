import type { Clock } from '../scheduling/clock.js';
import type { ReadQueue } from './read-queue.js';

const MIN_INTERVAL_MS = 200;

/** The clock and the queue of a pacer. */
export interface PacerContext {
  readonly clock: Clock;
  readonly queue: Pick<ReadQueue, 'retry'>;
}

/**
 * Runs one read at a time, and another one when it was requested in the meantime.
 *
 * The queue retries a failed read with a growing, random pause. `wantSoon` keeps a minimum interval, so that a
 * read which requests another one cannot loop.
 */
export class ReadPacer {
  private isReading = false;
  private isWanted = false;
  private hasClosed = false;
  private isPaused = false;
  private lastAtMs = -Infinity;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly context: PacerContext,
    private readonly read: () => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** True after `close`; the result of a read is not needed then. */
  get isClosed(): boolean {
    return this.hasClosed;
  }

  /** Reads now, or after the present read. */
  want(): void {
    if (this.hasClosed) return;
    this.isWanted = true;
    if (this.isReading) return;
    this.isPaused = false;
    this.cancel?.();
    void this.run();
  }

  /** Reads, with a minimum interval after the last read. */
  wantSoon(): void {
    // Many calls in one turn share one timer.
    if (this.isPaused || this.hasClosed) return;
    const { clock } = this.context;
    const waitMs = this.lastAtMs + MIN_INTERVAL_MS - clock.now();
    if (waitMs <= 0) return this.want();
    this.cancel?.();
    this.isPaused = true;
    this.cancel = clock.after(waitMs, () => {
      this.isPaused = false;
      this.want();
    });
  }

  /** Stops; the result of the present read is not used. */
  close(): void {
    this.hasClosed = true;
    this.cancel?.();
  }

  /** Resolves to true when the reads succeeded. */
  private async run(): Promise<boolean> {
    this.isReading = true;
    let isGood = true;
    while (isGood && this.isWanted && !this.hasClosed) {
      this.isWanted = false;
      this.lastAtMs = this.context.clock.now();
      isGood = await this.read().then(
        () => true,
        (error: unknown) => this.retryLater(error),
      );
    }
    this.isReading = false;
    return isGood;
  }

  private retryLater(error: unknown): false {
    if (this.hasClosed) return false;
    this.failed(error);
    this.isPaused = false;
    this.cancel?.();
    this.cancel = this.context.queue.retry(() => this.retry());
    return false;
  }

  private retry(): Promise<boolean> {
    // A read that was requested in the meantime replaces the retry.
    if (this.hasClosed || this.isReading) return Promise.resolve(false);
    this.isWanted = true;
    return this.run();
  }
}
