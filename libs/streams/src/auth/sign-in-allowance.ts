import type { StreamsLimits } from '../streams-limits.js';
import { TokenBucket } from '../fairness/token-bucket.js';
import { WindowCount } from '../fairness/window-count.js';

const REFUSED_WINDOW_MS = 60_000;

/** The limits of an allowance. */
export type SignInLimits = Pick<StreamsLimits, 'signInsPerSecond' | 'signInBurst' | 'maxRefusedSignIns'>;

/**
 * Bounds how often one connection makes the authenticator work.
 *
 * A bound for all connections of an address belongs beside it, asked at the same two places.
 */
export class SignInAllowance {
  // Made when they are needed: most connections sign in with hello.
  private attempts: TokenBucket | undefined;
  private refused: WindowCount | undefined;

  constructor(private readonly limits: SignInLimits) {}

  /** Counts an attempt; returns 0, or in how many milliseconds it would be allowed. */
  begin(now: number): number {
    const { signInsPerSecond, signInBurst } = this.limits;
    this.attempts ??= new TokenBucket(signInsPerSecond, now, signInBurst);
    return this.attempts.take(1, now);
  }

  /** Counts a refused credential; tells whether it was the last that the connection may try. */
  refuse(now: number): boolean {
    this.refused ??= new WindowCount(REFUSED_WINDOW_MS);
    return this.refused.add(now) >= this.limits.maxRefusedSignIns;
  }
}
