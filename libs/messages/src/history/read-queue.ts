import type { Clock } from '../scheduling/clock.js';

/** The most reads that wait for the backend at the same time. */
const MAX_READS = 100;
const MIN_BATCH = 16;
const MAX_BATCH = 4_096;
const MIN_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1_000;

/** Makes another attempt; resolves to whether it succeeded. */
export type Attempt = () => Promise<boolean>;

/**
 * The reads of all readers of a process: some at a time, in the order asked for.
 *
 * What else goes to the backend, such as a post, therefore waits behind few reads, however many readers there
 * are. Reads that failed are tried again together: a few at first, and all of them once one has succeeded.
 */
export class ReadQueue {
  private readonly waiting = new Set<() => void>();
  private readonly retries = new Set<Attempt>();
  private reads = 0;
  private batch = MIN_BATCH;
  private failures = 0;
  private cancelRetry: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  /** How many reads wait for their turn. */
  get size(): number {
    return this.waiting.size;
  }

  /** Runs a read when it is its turn. */
  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.reads >= MAX_READS) await new Promise<void>((begin) => this.waiting.add(begin));
    else this.reads++;
    try {
      return await read();
    } finally {
      this.next();
    }
  }

  /** Makes another attempt after a pause, together with others; returns the function that takes it back. */
  retry(attempt: Attempt): () => void {
    this.retries.add(attempt);
    this.scheduleRetry();
    return () => this.retries.delete(attempt);
  }

  /** Makes no more attempts. */
  close(): void {
    this.retries.clear();
    this.cancelRetry?.();
  }

  /** Passes the place of a read that has ended to the next one. */
  private next(): void {
    const [begin] = this.waiting;
    if (!begin) return void this.reads--;
    this.waiting.delete(begin);
    begin();
  }

  private scheduleRetry(): void {
    if (this.cancelRetry || !this.retries.size) return;
    const boundMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** Math.min(this.failures, 8));
    const pauseMs = this.batch > MIN_BATCH ? 0 : boundMs * (0.5 + Math.random() / 2);
    this.cancelRetry = this.clock.after(pauseMs, () => {
      void this.runBatch().then(() => {
        this.cancelRetry = undefined;
        this.scheduleRetry();
      });
    });
  }

  private async runBatch(): Promise<void> {
    const attempts = [...firstOf(this.retries, this.batch)];
    for (const attempt of attempts) this.retries.delete(attempt);
    const results = await Promise.all(attempts.map((attempt) => attempt()));
    const isBetter = results.includes(true);
    this.failures = isBetter ? 0 : this.failures + 1;
    this.batch = isBetter ? Math.min(MAX_BATCH, this.batch * 2) : MIN_BATCH;
  }
}

/** Gives the first items of a collection, which may be taken out meanwhile. */
export function* firstOf<T>(items: Iterable<T>, most: number): Generator<T> {
  let count = 0;
  for (const item of items) {
    if (count++ === most) return;
    yield item;
  }
}
