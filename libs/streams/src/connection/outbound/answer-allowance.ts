import type { StreamsLimits } from '../../streams-limits.js';
import { TokenBucket } from '../../fairness/token-bucket.js';
import type { Wire } from '../../transport/wire.js';

/** The bytes of answers that one byte of the client pays for. */
const ANSWERED_PER_BYTE = 3;
/** The free bytes of answers per second. */
const FREE_BYTES_PER_SECOND = 1_024;
/** The maximum credit for errors, in bytes: one refusal with all its details. */
const MAX_ERROR_BYTES = 8_192;

/** The allowances of one connection, in bytes. */
interface AnswerBuckets {
  readonly all: TokenBucket;
  readonly errors: TokenBucket;
}

/**
 * Limits the answers to one connection in proportion to the bytes that it sends.
 *
 * An answer is a frame that the server writes because of a frame of the client. Histories, snapshots and
 * messages of the application are not answers. An answer that must be written may cause a debt.
 *
 * Errors have a second limit, which starts without credit: the client pays for each error in advance.
 */
export class AnswerAllowance {
  // Created with the first answer, because a connection without a stream has none.
  private buckets: AnswerBuckets | undefined;
  private paidBytes = 0;
  private mayOwe = false;

  /**
   * @param limits the limit of all answers
   * @param wire counts the received bytes, the upgrade request included; compressed frames count as sent
   */
  constructor(
    private readonly limits: Pick<StreamsLimits, 'answerBytes'>,
    private readonly wire: Pick<Wire, 'bytesRead'>,
  ) {}

  /** Counts an answer that must be written. */
  spend(bytes: number): void {
    const now = performance.now();
    const { all } = this.bucketsAt(now);
    all.spend(bytes, now);
    this.mayOwe ||= all.debtMs(now) > 0;
  }

  /** Counts an error that must be written. */
  spendError(bytes: number): void {
    this.spend(bytes);
    const now = performance.now();
    this.bucketsAt(now).errors.spend(bytes, now);
  }

  /** Returns the maximum size of an error at this time, in bytes. */
  errorBytes(): number {
    const now = performance.now();
    const { all, errors } = this.bucketsAt(now);
    return Math.min(all.available(now), errors.available(now));
  }

  /**
   * Returns the wait in milliseconds until the debt is small enough; 0 without a wait.
   *
   * @param bytes the tolerated debt
   */
  debtMs(bytes = 0): number {
    if (!this.mayOwe) return 0;
    const now = performance.now();
    const { all } = this.bucketsAt(now);
    this.mayOwe = all.debtMs(now) > 0;
    return all.debtMs(now, bytes);
  }

  private bucketsAt(now: number): AnswerBuckets {
    this.buckets ??= {
      all: new TokenBucket(FREE_BYTES_PER_SECOND, now, this.limits.answerBytes),
      errors: emptyBucket(now),
    };
    const { all, errors } = this.buckets;
    const { bytesRead } = this.wire;
    const earned = (bytesRead - this.paidBytes) * ANSWERED_PER_BYTE;
    this.paidBytes = bytesRead;
    all.add(earned);
    errors.add(earned);
    return this.buckets;
  }
}

function emptyBucket(now: number): TokenBucket {
  const bucket = new TokenBucket(FREE_BYTES_PER_SECOND, now, MAX_ERROR_BYTES);
  bucket.spend(MAX_ERROR_BYTES, now);
  return bucket;
}
