import type { StreamsLimits } from '../streams-limits.js';
import { TokenBucket } from '../fairness/token-bucket.js';
import { WindowCount } from '../fairness/window-count.js';

const REFUSED_WINDOW_MS = 60_000;

/** The limits of an allowance. */
export type SignInLimits = Pick<StreamsLimits, 'signInsPerSecond' | 'signInBurst' | 'maxRefusedSignIns'>;

/** Limits how often one connection calls the authenticator. */
export class SignInAllowance {
  // Created on demand, because most connections sign in only with hello.
  private attempts: TokenBucket | undefined;
  private refused: WindowCount | undefined;

  constructor(private readonly limits: SignInLimits) {}

  /** Counts an attempt; returns 0, or the wait in milliseconds until it is permitted. */
  begin(now: number): number {
    const { signInsPerSecond, signInBurst } = this.limits;
    this.attempts ??= new TokenBucket(signInsPerSecond, now, signInBurst);
    return this.attempts.take(1, now);
  }

  /** Counts a refused credential; returns true when the connection has used up its attempts. */
  refuse(now: number): boolean {
    this.refused ??= new WindowCount(REFUSED_WINDOW_MS);
    return this.refused.add(now) >= this.limits.maxRefusedSignIns;
  }
}
