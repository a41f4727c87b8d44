import type { RevokedTokens } from '@nestwire/messages/backend';
import type { SubscribedSession } from './client-subscription.js';
import type { ResumeTokenSubject } from './resume-token-signer.js';
import { requiredOf, revocationSubject, type TokenRevocations } from '../auth/token-revocations.js';

/** Returns the least generation of a token. */
export type RequiredGenerations = (subject: Omit<ResumeTokenSubject, 'holder'>) => number;

const NONE: ReadonlyMap<string, RevokedTokens> = new Map();

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
  /** The tokens of all holders that are revoked, by endpoint. */
  private readonly closed = new Map<string, RevokedTokens>();
  /** The endpoints of the connection's subscriptions. */
  private readonly endpoints = new Set<string>();
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

  /**
   * Reads the revoked tokens of a holder, and those of all holders of the endpoints.
   *
   * @returns the least generation of a token; undefined when the revoked tokens cannot be read
   */
  async read(holder: string, endpoints: Iterable<string>): Promise<RequiredGenerations | undefined> {
    this.setHolder(holder);
    for (const endpoint of endpoints) this.endpoints.add(endpoint);
    this.readAtMs = performance.now();
    try {
      const names = [...this.endpoints];
      const [revoked, ...closed] = await Promise.all([
        this.revocations.read(holder),
        ...names.map((endpoint) => this.revocations.closedOf(endpoint)),
      ]);
      this.update(holder, revoked, new Map(names.map((name, index) => [name, closed[index]!])));
      return (subject) => this.generationOf({ holder, ...subject });
    } catch {
      this.readAtMs = -Infinity;
      return undefined;
    }
  }

  /** Returns the generation that a resume token must have. */
  generationOf({ holder, ...subject }: ResumeTokenSubject): number {
    const floor = this.revocations.floorOf(holder, subject.endpoint);
    const own = holder === this.holder ? this.revoked : undefined;
    const ofAll = this.closed.get(subject.endpoint);
    return Math.max(floor, own ? requiredOf(own, subject) : 0, ofAll ? requiredOf(ofAll, subject) : 0);
  }

  /** Requests a read of the list for a new subscription: at once, or with the next `check`. */
  need({ holder, endpoint }: { readonly holder: string; readonly endpoint?: string }): void {
    this.setHolder(holder);
    if (endpoint !== undefined) this.endpoints.add(endpoint);
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
        .then((revoked) => revoked && this.update(holder, revoked, NONE));
  }

  private readAgain(): void {
    const { holder } = this;
    if (holder === undefined || this.isReading) return;
    this.isNeeded = false;
    this.isReading = true;
    void this.read(holder, []).finally(() => (this.isReading = false));
  }

  private setHolder(holder: string): void {
    if (holder === this.holder) return;
    this.holder = holder;
    this.revoked = undefined;
    this.readAtMs = -Infinity;
  }

  private update(holder: string, revoked: RevokedTokens, closed: ReadonlyMap<string, RevokedTokens>): void {
    if (holder !== this.holder) return;
    let hasChanged = isLater(revoked, this.revoked);
    this.revoked = revoked;
    for (const [endpoint, ofAll] of closed) {
      hasChanged ||= isLater(ofAll, this.closed.get(endpoint));
      this.closed.set(endpoint, ofAll);
    }
    if (hasChanged) this.changed();
  }
}

/** Returns whether one list requires later generations than another. */
function isLater({ floor, subjects }: RevokedTokens, before: RevokedTokens | undefined): boolean {
  if (floor > (before?.floor ?? 0)) return true;
  for (const [subject, generation] of subjects)
    if (generation > Math.max(before?.floor ?? 0, before?.subjects.get(subject) ?? 0)) return true;
  return false;
}
