import { TokenBucket } from './token-bucket.js';
import type { StreamsLimits } from '../streams-limits.js';

const BURST_SECONDS = 8;
const MAX_SHARES = 20_000;

/**
 * Limits how much of histories and snapshots each share of a process reads.
 *
 * A share outlives its connections, so a reconnecting client has only the rest of it. It is removed when it
 * is full again.
 */
export class ReadShares {
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(
    private readonly limits: Pick<StreamsLimits, 'historyBytesPerSecond'>,
    private readonly maxShares = MAX_SHARES,
  ) {}

  /** The number of remembered shares. */
  get size(): number {
    return this.buckets.size;
  }

  /** Counts bytes that were sent for a share. */
  spend(key: string, bytes: number, now: number): void {
    this.bucketOf(key, now).spend(bytes, now);
  }

  /** Returns the wait of a share in milliseconds before its next read; 0 when there is none. */
  waitMs(key: string, now: number): number {
    return this.buckets.get(key)?.debtMs(now) ?? 0;
  }

  /** Removes the shares that are full again. */
  sweep(now: number): void {
    for (const [key, bucket] of this.buckets) if (bucket.isFull(now)) this.buckets.delete(key);
  }

  private bucketOf(key: string, now: number): TokenBucket {
    const known = this.buckets.get(key);
    if (known) return known;
    const [oldest] = this.buckets.keys();
    if (this.buckets.size >= this.maxShares) this.buckets.delete(oldest);
    const { historyBytesPerSecond } = this.limits;
    const bucket = new TokenBucket(historyBytesPerSecond, now, historyBytesPerSecond * BURST_SECONDS);
    this.buckets.set(key, bucket);
    return bucket;
  }
}
