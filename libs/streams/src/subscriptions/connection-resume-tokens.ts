import { requiredGeneration, type RevokedTokens } from '@nestwire/messages/backend';
import type { SubscribedSession } from './client-subscription.js';
import type { ResumeTokenSubject } from './resume-token-signer.js';
import { revocationSubject, type TokenRevocations } from '../auth/token-revocations.js';

/** The time for which a read list is valid for new subscriptions. */
const READ_AGAIN_MS = 1_000;

/**
 * The revocations and generations of the resume tokens of one connection.
 *
 * The list of revoked tokens is read once for a client that resumes, and once for each turn of new
 * subscriptions.
 */
export class ConnectionResumeTokens {
  private holder: string | undefined;
  private revoked: RevokedTokens | undefined;
  private readAtMs = -Infinity;
  private isNeeded = false;
  private isReading = false;
  private floorsVersion: number;
  // Created on demand, because few connections are removed from a channel.
  private pendingRevocations: Map<string, Set<string>> | undefined;

  /** @param changed called when tokens need a later generation than the one they were issued with */
  constructor(
    private readonly revocations: TokenRevocations,
    private readonly changed: () => void,
  ) {
    this.floorsVersion = revocations.floorsVersion;
  }

  /** Returns the revoked tokens of a holder; undefined when they cannot be read. */
  async read(holder: string): Promise<RevokedTokens | undefined> {
    this.setHolder(holder);
    this.readAtMs = performance.now();
    try {
      const revoked = await this.revocations.read(holder);
      this.update(holder, revoked);
      return revoked;
    } catch {
      this.readAtMs = -Infinity;
      return undefined;
    }
  }

  /** Returns the generation that a resume token must have. */
  generationOf({ holder, ...subject }: ResumeTokenSubject): number {
    const floor = this.revocations.floorOf(holder);
    if (!this.revoked || holder !== this.holder) return floor;
    return Math.max(floor, requiredGeneration(this.revoked, revocationSubject(subject)));
  }

  /** Requests a read of the list for a new subscription: at once, or with the next `check`. */
  need(holder: string): void {
    this.setHolder(holder);
    const isFirst = this.readAtMs === -Infinity;
    if (this.isNeeded || this.isReading) return void (this.isNeeded = true);
    this.isNeeded = true;
    if (isFirst) queueMicrotask(() => this.readAgain());
  }

  /** Reads the list again if new subscriptions need it; replaces tokens if the list was lost. */
  check(now: number): void {
    if (this.floorsVersion !== this.revocations.floorsVersion) {
      this.floorsVersion = this.revocations.floorsVersion;
      this.changed();
    }
    if (this.isNeeded && now - this.readAtMs > READ_AGAIN_MS) this.readAgain();
  }

  /** Revokes the tokens of a session's channel, together with others of this turn. */
  revoke({ holder, endpoint, paramsText }: SubscribedSession, channel: string): void {
    // Such tokens are not valid on another connection.
    if (holder.startsWith('connection:')) return;
    if (!this.pendingRevocations) {
      this.pendingRevocations = new Map();
      queueMicrotask(() => this.write());
    }
    const subjects = this.pendingRevocations.get(holder) ?? new Set();
    this.pendingRevocations.set(holder, subjects.add(revocationSubject({ endpoint, paramsText, channel })));
  }

  private write(): void {
    const pending = this.pendingRevocations ?? [];
    this.pendingRevocations = undefined;
    for (const [holder, subjects] of pending)
      void this.revocations
        .revoke(holder, [...subjects])
        .then((revoked) => revoked && this.update(holder, revoked));
  }

  private readAgain(): void {
    const { holder } = this;
    if (holder === undefined || this.isReading) return;
    this.isNeeded = false;
    this.isReading = true;
    void this.read(holder).finally(() => (this.isReading = false));
  }

  private setHolder(holder: string): void {
    if (holder === this.holder) return;
    this.holder = holder;
    this.revoked = undefined;
    this.readAtMs = -Infinity;
  }

  private update(holder: string, revoked: RevokedTokens): void {
    if (holder !== this.holder) return;
    const before = this.revoked;
    this.revoked = revoked;
    if (isLater(revoked, before)) this.changed();
  }
}

/** Returns whether one list requires later generations than another. */
function isLater({ floor, subjects }: RevokedTokens, before: RevokedTokens | undefined): boolean {
  if (floor > (before?.floor ?? 0)) return true;
  for (const [subject, generation] of subjects)
    if (generation > Math.max(before?.floor ?? 0, before?.subjects.get(subject) ?? 0)) return true;
  return false;
}
