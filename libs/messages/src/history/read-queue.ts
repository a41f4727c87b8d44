import type { Clock } from '../scheduling/clock.js';

/** The most concurrent reads. */
const MAX_READS = 100;
const MIN_BATCH = 16;
const MAX_BATCH = 4_096;
const MIN_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1_000;

/** Repeats a read; resolves to true when it succeeded. */
export type Attempt = () => Promise<boolean>;

/**
 * The queue of the reads of a process, in the order of their requests.
 *
 * Some reads run at a time. So other calls, such as posts, wait for few reads, however many followers there are. Failed reads are retried
 * together: a few at first, and more after each success.
 */
export class ReadQueue {
  private readonly waiting = new Set<() => void>();
  private readonly retries = new Set<Attempt>();
  private reads = 0;
  private batch = MIN_BATCH;
  private failures = 0;
  private cancelRetry: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  /** The number of waiting reads. */
  get size(): number {
    return this.waiting.size;
  }

  /** Runs a read in its turn. */
  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.reads >= MAX_READS) await new Promise<void>((begin) => this.waiting.add(begin));
    else this.reads++;
    try {
      return await read();
    } finally {
      this.next();
    }
  }

  /** Retries a read after a pause, together with others; returns a function that cancels the retry. */
  retry(attempt: Attempt): () => void {
    this.retries.add(attempt);
    this.scheduleRetry();
    return () => this.retries.delete(attempt);
  }

  /** Cancels all retries. */
  close(): void {
    this.retries.clear();
    this.cancelRetry?.();
  }

  /** Starts the next read in place of an ended one. */
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

/** Iterates over the first items of a collection, which may change in the meantime. */
export function* firstOf<T>(items: Iterable<T>, most: number): Generator<T> {
  let count = 0;
  for (const item of items) {
    if (count++ === most) return;
    yield item;
  }
}
