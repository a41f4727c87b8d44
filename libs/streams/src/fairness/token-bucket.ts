const MS_PER_SECOND = 1_000;
const BURST_SECONDS = 2;

/**
 * A token bucket: it refills at a constant rate and permits bursts.
 *
 * The default burst is two seconds of the rate.
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

  /** Returns true when the bucket is full, so that it can be removed. */
  isFull(now: number): boolean {
    this.fill(now);
    return this.tokens >= this.burst;
  }

  /**
   * Takes tokens if there are enough.
   *
   * @returns 0 when taken, else the wait in milliseconds
   */
  take(count: number, now: number): number {
    this.fill(now);
    if (this.tokens >= count) {
      this.tokens -= count;
      return 0;
    }
    return this.waitMsFor(count);
  }

  /** Takes tokens for work that is done already; missing tokens become a debt. */
  spend(count: number, now: number): void {
    this.fill(now);
    this.tokens -= count;
  }

  /** Returns the wait in milliseconds until the debt is tolerated; 0 when it is. */
  debtMs(now: number, tolerated = 0): number {
    this.fill(now);
    return this.tokens >= -tolerated ? 0 : this.waitMsFor(-tolerated);
  }

  /** Returns the number of tokens; negative when there is a debt. */
  available(now: number): number {
    this.fill(now);
    return this.tokens;
  }

  /** Returns the number of tokens that a full bucket has more; at most the capacity. */
  missing(now: number): number {
    return this.burst - Math.max(0, this.available(now));
  }

  /** Adds tokens up to the capacity of the bucket. */
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
