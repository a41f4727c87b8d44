/** The most time of one turn of the event loop, in milliseconds. */
export const SLICE_MS = 5;

/** How many items of one job are done before the next job has its go. */
const ITEMS_PER_GO = 16;

/** What tells a slicer the time, and ends a turn. */
export interface SlicerClock {
  /** The time in milliseconds; only differences count. */
  readonly now: () => number;
  /** Runs the function in the next turn of the event loop. */
  readonly nextTurn: (run: () => void) => void;
}

interface Job {
  /** Does the next items; returns whether there are more. */
  readonly go: () => boolean;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Does long work in slices, one a turn of the event loop.
 *
 * It is for work that grows with what a process or a client has accumulated. A job that fits into the turn is done at once. What is left of it waits, and jobs that wait take turns:
 * a small one is not held up by the large ones before it. A job holds no copy of its items, so the queue has
 * one entry a job.
 */
export class SlicedWork {
  private waiting: Job[] = [];
  private isScheduled = false;
  private usedMs = 0;

  constructor(
    private readonly clock: SlicerClock = SYSTEM_SLICER_CLOCK,
    private readonly sliceMs = SLICE_MS,
  ) {}

  /** How many jobs wait for another turn. */
  get size(): number {
    return this.waiting.length;
  }

  /**
   * Calls the function for each item, which may be added or taken out of the collection meanwhile.
   *
   * Returns undefined when all are done; else a promise that resolves when they are.
   *
   * @throws {Error} what the function throws; the job ends there
   */
  forEach<T>(items: Iterable<T>, act: (item: T) => void): Promise<void> | undefined {
    const iterator = items[Symbol.iterator]();
    const go = (): boolean => this.goOn(iterator, act, Infinity);
    // Whoever waits already comes first.
    if (!this.waiting.length && !go()) return undefined;
    return new Promise((done, failed) => {
      this.waiting.push({ go: () => this.goOn(iterator, act, ITEMS_PER_GO), done, failed });
      this.schedule();
    });
  }

  private goOn<T>(iterator: Iterator<T>, act: (item: T) => void, most: number): boolean {
    const startedAt = this.clock.now() - this.usedMs;
    // Else the turn's time is counted once it has passed.
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
    let at = 0;
    while (at < this.waiting.length && this.usedMs < this.sliceMs) {
      this.run(this.waiting[at++]!);
      // What the items have set off runs now, and is part of the slice.
      await Promise.resolve();
      this.usedMs = Math.max(this.usedMs, this.clock.now() - startedAt);
    }
    this.waiting = this.waiting.slice(at);
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

/** The sliced work of this process; all long jobs share its time of a turn. */
export const slicedWork = new SlicedWork();
