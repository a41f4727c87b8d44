/** The time of sliced work in one turn of the event loop, in milliseconds. */
export const SLICE_MS = 5;

/** The most items of one job before the next job continues. */
const ITEMS_PER_GO = 16;

/** The source of time and of turns of the event loop. */
export interface SlicerClock {
  /** The time in milliseconds; only differences count. */
  readonly now: () => number;
  /** Runs the function in the next turn of the event loop. */
  readonly nextTurn: (run: () => void) => void;
}

interface Job {
  /** Processes the next items; returns true when there are more. */
  readonly go: () => boolean;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Does long work in slices, one for each turn of the event loop.
 *
 * It is for work whose amount grows with the state of a process or a client. A job that fits into the turn is
 * done at once. The rest of a longer job waits, and waiting jobs alternate, so that a small job does not wait
 * for large ones. A job does not copy its items, so the queue has one entry for each job.
 */
export class SlicedWork {
  private waiting: Job[] = [];
  private isScheduled = false;
  private usedMs = 0;

  constructor(
    private readonly clock: SlicerClock = SYSTEM_SLICER_CLOCK,
    private readonly sliceMs = SLICE_MS,
  ) {}

  /** The number of jobs that wait for another turn. */
  get size(): number {
    return this.waiting.length;
  }

  /**
   * Calls the function for each item; the collection may change in the meantime.
   *
   * Returns undefined when all items are done; otherwise a promise that resolves then.
   *
   * @throws {Error} the error of the function; it ends the job
   */
  forEach<T>(items: Iterable<T>, act: (item: T) => void): Promise<void> | undefined {
    const iterator = items[Symbol.iterator]();
    const go = (): boolean => this.goOn(iterator, act, Infinity);
    // Waiting jobs come first.
    if (!this.waiting.length && !go()) return undefined;
    return new Promise((done, failed) => {
      this.waiting.push({ go: () => this.goOn(iterator, act, ITEMS_PER_GO), done, failed });
      this.schedule();
    });
  }

  private goOn<T>(iterator: Iterator<T>, act: (item: T) => void, most: number): boolean {
    const startedAt = this.clock.now() - this.usedMs;
    // Ends the count of this turn's time.
    this.schedule();
    for (let count = 0; count < most && this.usedMs < this.sliceMs; count++) {
      const next = iterator.next();
      if (next.done) return false;
      act(next.value);
      this.usedMs = Math.max(this.usedMs, this.clock.now() - startedAt);
    }
    return true;
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.clock.nextTurn(() => {
      this.isScheduled = false;
      this.usedMs = 0;
      void this.runWaiting();
    });
  }

  private async runWaiting(): Promise<void> {
    const startedAt = this.clock.now();
    let done = 0;
    for (const job of this.waiting) {
      if (this.usedMs >= this.sliceMs) break;
      done++;
      this.run(job);
      // Lets the microtasks of the items run, because they are part of the slice.
      await Promise.resolve();
      this.usedMs = Math.max(this.usedMs, this.clock.now() - startedAt);
    }
    this.waiting = this.waiting.slice(done);
    if (this.waiting.length) this.schedule();
  }

  private run(job: Job): void {
    try {
      if (job.go()) this.waiting.push(job);
      else job.done();
    } catch (error) {
      job.failed(error);
    }
  }
}

const SYSTEM_SLICER_CLOCK: SlicerClock = { now: () => performance.now(), nextTurn: setImmediate };

/** The sliced work of this process; all jobs share one slice of a turn. */
export const slicedWork = new SlicedWork();
