const MS_PER_SECOND = 1_000;
const BURST_SECONDS = 2;

/** Counts against a rate: refilled steadily, with bursts of two seconds' worth. */
export class TokenBucket {
  private tokens: number;

  constructor(
    private readonly perSecond: number,
    private filledAt: number,
  ) {
    this.tokens = perSecond * BURST_SECONDS;
  }

  /** Tells whether the bucket is full at this time, and so could be forgotten. */
  isFull(now: number): boolean {
    this.fill(now);
    return this.tokens >= this.perSecond * BURST_SECONDS;
  }

  /**
   * Takes tokens, if there are enough.
   *
   * @returns 0 when taken, else the milliseconds until there will be enough
   */
  take(count: number, now: number): number {
    this.fill(now);
    if (this.tokens >= count) {
      this.tokens -= count;
      return 0;
    }
    return Math.ceil(((count - this.tokens) / this.perSecond) * MS_PER_SECOND);
  }

  private fill(now: number): void {
    const earned = ((now - this.filledAt) / MS_PER_SECOND) * this.perSecond;
    this.tokens = Math.min(this.perSecond * BURST_SECONDS, this.tokens + earned);
    this.filledAt = now;
  }
}
