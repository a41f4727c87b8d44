import type { StreamsLimits } from '../streams.limits.js';
import { TokenBucket } from './token-bucket.js';

const BURST_SECONDS = 8;

/** Bounds how much of histories and snapshots one connection reads. */
export class ReadAllowance {
  // Made when it is needed: many connections have no channel.
  private bytes: TokenBucket | undefined;

  constructor(private readonly limits: Pick<StreamsLimits, 'historyBytesPerSecond'>) {}

  /** Counts bytes that were written. */
  spend(bytes: number): void {
    this.bucket.spend(bytes, performance.now());
  }

  /** Returns in how many milliseconds more may be read; 0 when it may be now. */
  waitMs(): number {
    return this.bytes ? this.bytes.debtMs(performance.now()) : 0;
  }

  private get bucket(): TokenBucket {
    const { historyBytesPerSecond } = this.limits;
    const burst = historyBytesPerSecond * BURST_SECONDS;
    return (this.bytes ??= new TokenBucket(historyBytesPerSecond, performance.now(), burst));
  }
}
