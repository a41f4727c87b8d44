const MS_PER_SECOND = 1_000;
const BURST_SECONDS = 2;

/**
 * Counts against a rate: refilled steadily, with bursts.
 *
 * A burst is two seconds' worth unless it is given.
 */
export class TokenBucket {
  private tokens: number;

  constructor(
    private readonly perSecond: number,
    private filledAt: number,
    private readonly burst = perSecond * BURST_SECONDS,
  ) {
    this.tokens = burst;
  }

  /** Tells whether the bucket is full at this time, and so could be forgotten. */
  isFull(now: number): boolean {
    this.fill(now);
    return this.tokens >= this.burst;
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
    return this.waitMsFor(count);
  }

  /** Takes tokens for what was done already, even if there are too few: the rest is a debt. */
  spend(count: number, now: number): void {
    this.fill(now);
    this.tokens -= count;
  }

  /** Returns in how many milliseconds no more debt is left than is tolerated; 0 when there is no more. */
  debtMs(now: number, tolerated = 0): number {
    this.fill(now);
    return this.tokens >= -tolerated ? 0 : this.waitMsFor(-tolerated);
  }

  /** Returns how many tokens there are; negative when there is a debt. */
  available(now: number): number {
    this.fill(now);
    return this.tokens;
  }

  /** Adds tokens beside those of the rate, as far as the bucket holds them. */
  add(count: number): void {
    this.tokens = Math.min(this.burst, this.tokens + count);
  }

  private waitMsFor(count: number): number {
    return Math.ceil(((count - this.tokens) / this.perSecond) * MS_PER_SECOND);
  }

  private fill(now: number): void {
    const earned = ((now - this.filledAt) / MS_PER_SECOND) * this.perSecond;
    this.tokens = Math.min(this.burst, this.tokens + earned);
    this.filledAt = now;
  }
}
