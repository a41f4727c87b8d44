import type { StreamsLimits } from '../../streams-limits.js';
import { TokenBucket } from '../../fairness/token-bucket.js';

/** How many bytes of answers each byte of the client pays for. */
const ANSWERED_PER_BYTE = 3;
/** Bytes of answers a second that need no bytes of the client. */
const FREE_BYTES_PER_SECOND = 1_024;

/**
 * Bounds the bytes of the answers to one connection by those that it sends.
 *
 * An answer is every frame that the server writes because of a frame of the client. Histories, snapshots
 * and messages of the application are none. An answer that has to be written may cause a debt.
 */
export class AnswerAllowance {
  // Made with the first answer: a connection without a stream has none.
  private bytes: TokenBucket | undefined;
  private unpaidBytes = 0;
  private mayOwe = false;

  constructor(private readonly limits: Pick<StreamsLimits, 'answerBytes'>) {}

  /** Counts the bytes of a frame of the client. */
  received(bytes: number): void {
    this.unpaidBytes += bytes;
  }

  /** Counts an answer that has to be written. */
  spend(bytes: number): void {
    const now = performance.now();
    const bucket = this.bucketAt(now);
    bucket.spend(bytes, now);
    this.mayOwe ||= bucket.debtMs(now) > 0;
  }

  /** Tells whether an answer of this length may be written as it is, and counts it then. */
  allows(bytes: number): boolean {
    const now = performance.now();
    return this.bucketAt(now).take(bytes, now) === 0;
  }

  /**
   * Returns in how many milliseconds the connection owes at most these bytes; 0 when it does now.
   *
   * @param bytes the debt that is tolerated
   */
  debtMs(bytes = 0): number {
    if (!this.mayOwe) return 0;
    const now = performance.now();
    const bucket = this.bucketAt(now);
    this.mayOwe = bucket.debtMs(now) > 0;
    return bucket.debtMs(now, bytes);
  }

  private bucketAt(now: number): TokenBucket {
    this.bytes ??= new TokenBucket(FREE_BYTES_PER_SECOND, now, this.limits.answerBytes);
    this.bytes.add(this.unpaidBytes * ANSWERED_PER_BYTE);
    this.unpaidBytes = 0;
    return this.bytes;
  }
}
