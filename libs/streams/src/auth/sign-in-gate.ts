import { createHash } from 'node:crypto';
import type { ClientShares, ShareHolder } from '../fairness/client-shares.js';
import { FairQueue } from '../fairness/fair-queue.js';
import type { StreamHandshake } from '../transport/stream-handshake.js';
import type { StreamsLimits } from '../streams-limits.js';
import type { SignIn, SignInResult } from './sign-in.js';

const REFUSAL_WINDOW_MS = 60_000;
const MAX_ADDRESSES = 10_000;
const MAX_ACCEPTED = 10_000;

/** The outcome of a sign-in, or the wait of its address. */
export type GatedSignIn = SignInResult | { readonly outcome: 'limited'; readonly retryAfterMs: number };

/** A connection during its sign-in. */
export interface SigningIn extends ShareHolder {
  readonly id: string;
}

/** The number of refused credentials of an address since a time. */
interface Refusals {
  count: number;
  readonly since: number;
}

/**
 * Shares the authenticator among addresses.
 *
 * Concurrent calls are bounded, and addresses take turns. An address with many refused credentials must wait
 * before its next attempt. Signed-in users and recently accepted credentials do not wait, so that an attacker
 * does not lock out others behind the same address.
 */
export class SignInGate {
  private readonly queue: FairQueue;
  private readonly refusals = new Map<string, Refusals>();
  /** Digests of accepted credentials, the most recent last. */
  private readonly accepted = new Set<string>();
  private refused = 0;
  private limited = 0;

  constructor(
    private readonly signIn: SignIn,
    private readonly shares: ClientShares,
    private readonly limits: StreamsLimits,
  ) {
    this.queue = new FairQueue({ max: limits.maxSignIns, maxPerShare: limits.maxSignInsPerAddress });
  }

  /** The number of sign-ins that wait for their turn. */
  get waiting(): number {
    return this.queue.waiting;
  }

  /** The number of refused credentials since the start. */
  get refusedCredentials(): number {
    return this.refused;
  }

  /** The number of sign-ins that were refused because their address had to wait. */
  get limitedSignIns(): number {
    return this.limited;
  }

  /** Calls the authenticator in turn; never throws. `isWanted` returns false once the result is useless. */
  run({ id, user }: SigningIn, handshake: StreamHandshake, isWanted: () => boolean): Promise<GatedSignIn> {
    const share = this.shares.keyOfAddress(handshake, id);
    return this.queue.run({ share, member: id }, () => {
      if (!isWanted()) return { outcome: 'refused' };
      const { token } = handshake;
      return token === null || user
        ? this.signIn.run(handshake)
        : this.tryCredential(share, handshake, token);
    });
  }

  /** Removes the refusals whose window is over. */
  sweep(now: number): void {
    for (const [share, { since }] of this.refusals) {
      if (now - since < REFUSAL_WINDOW_MS) return;
      this.refusals.delete(share);
    }
  }

  private async tryCredential(
    share: string,
    handshake: StreamHandshake,
    token: string,
  ): Promise<GatedSignIn> {
    const digest = createHash('sha256').update(token).digest('base64');
    const waitMs = this.accepted.has(digest) ? 0 : this.waitOf(share);
    if (waitMs > 0) {
      this.limited++;
      return { outcome: 'limited', retryAfterMs: Math.ceil(waitMs) };
    }
    const result = await this.signIn.run(handshake);
    if (result.outcome === 'accepted') this.remember(digest);
    if (result.outcome === 'refused') this.countRefusal(share);
    return result;
  }

  private waitOf(share: string): number {
    const refusals = this.refusals.get(share);
    if (!refusals || refusals.count < this.limits.maxRefusedSignInsPerAddress) return 0;
    return refusals.since + REFUSAL_WINDOW_MS - performance.now();
  }

  private countRefusal(share: string): void {
    this.refused++;
    const now = performance.now();
    const known = this.refusals.get(share);
    if (known && now - known.since < REFUSAL_WINDOW_MS) return void known.count++;
    this.refusals.delete(share);
    const [oldest] = this.refusals.keys();
    if (this.refusals.size >= MAX_ADDRESSES) this.refusals.delete(oldest);
    this.refusals.set(share, { count: 1, since: now });
  }

  private remember(digest: string): void {
    this.accepted.delete(digest);
    this.accepted.add(digest);
    const [oldest] = this.accepted;
    if (this.accepted.size > MAX_ACCEPTED) this.accepted.delete(oldest);
  }
}
