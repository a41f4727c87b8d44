import type { StreamsLimits } from '../../streams-limits.js';
import { TokenBucket } from '../../fairness/token-bucket.js';
import type { Wire } from '../../transport/wire.js';

/** How many bytes of answers each byte of the client pays for. */
const ANSWERED_PER_BYTE = 3;
/** Bytes of answers a second that need no bytes of the client. */
const FREE_BYTES_PER_SECOND = 1_024;
/** The most bytes of errors that may be paid in advance: a refusal with all its details. */
const MAX_ERROR_BYTES = 8_192;

/**
 * Bounds the bytes of the answers to one connection by those that it sends.
 *
 * An answer is every frame that the server writes because of a frame of the client. Histories, snapshots
 * and messages of the application are none. An answer that has to be written may cause a debt.
 *
 * Errors have a second bound without a credit at the start: the client pays for each of them before.
 */
export class AnswerAllowance {
  // Made with the first answer: a connection without a stream has none.
  private bytes: TokenBucket | undefined;
  private errors: TokenBucket | undefined;
  private paidBytes = 0;
  private mayOwe = false;

  /**
   * @param limits the bound of all answers
   * @param wire tells the bytes of the client, the upgrade request and compressed frames as they were sent
   */
  constructor(
    private readonly limits: Pick<StreamsLimits, 'answerBytes'>,
    private readonly wire: Pick<Wire, 'bytesRead'>,
  ) {}

  /** Counts an answer that has to be written. */
  spend(bytes: number): void {
    const now = performance.now();
    const bucket = this.bucketAt(now);
    bucket.spend(bytes, now);
    this.mayOwe ||= bucket.debtMs(now) > 0;
  }

  /** Counts an error that has to be written. */
  spendError(bytes: number): void {
    this.spend(bytes);
    this.errors!.spend(bytes, performance.now());
  }

  /** Returns how many bytes an error may have now. */
  errorBytes(): number {
    const now = performance.now();
    return Math.min(this.bucketAt(now).available(now), this.errors!.available(now));
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
    this.errors ??= emptyBucket(now);
    const { bytesRead } = this.wire;
    const earned = (bytesRead - this.paidBytes) * ANSWERED_PER_BYTE;
    this.paidBytes = bytesRead;
    this.bytes.add(earned);
    this.errors.add(earned);
    return this.bytes;
  }
}

function emptyBucket(now: number): TokenBucket {
  const bucket = new TokenBucket(FREE_BYTES_PER_SECOND, now, MAX_ERROR_BYTES);
  bucket.spend(MAX_ERROR_BYTES, now);
  return bucket;
}
