import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { CloseCode } from '@nestwire/protocol';
import type { RevokedTokens, RevokedTokenStore, TokenRevocation } from '@nestwire/messages';
import type { SessionCloseReason } from '../session/session-close-reason.js';
import type { TicketSubject } from './ticket.signer.js';

const RETRY_MS = 2_000;
const MAX_UNWRITTEN = 10_000;
const HOLDER_CHARACTERS = 22;
const SUBJECT_CHARACTERS = 12;

/** Ends that are not the server's decision about the user: who comes back may resume. */
const LEAVING: ReadonlySet<string> = new Set([
  'closed-by-client',
  'connection-lost',
  'shutdown',
  'identity-changed',
]);

/** Tells whether the end of a session for this reason voids its tokens. */
export function endsForGood({ code, connectionCode }: SessionCloseReason): boolean {
  return !LEAVING.has(code) || connectionCode === CloseCode.Revoked;
}

/** Returns the name of a subject in the list of revoked tokens. */
export function revocationSubject({ endpoint, channel }: Omit<TicketSubject, 'holder'>): string {
  return hash(`${endpoint} ${channel}`).slice(0, SUBJECT_CHARACTERS);
}

/**
 * The resume tokens that the server has taken back, of all holders.
 *
 * A revocation that cannot be written is tried again for as long as the process lives. Until it is
 * written, this process resumes nothing of that holder.
 */
export class TokenRevocations {
  private readonly logger = new Logger('Streams');
  /** How many revocations of each holder wait to be written. */
  private readonly unwritten = new Map<string, number>();
  private waiting = 0;
  /** Until then nothing is resumed, because a revocation was given up. */
  private closedUntilMs = 0;

  constructor(
    private readonly store: RevokedTokenStore,
    private readonly ticketMs: number,
  ) {}

  /**
   * Voids what a holder has for the subjects.
   *
   * @returns what is void then, once that is written; undefined when too many revocations wait
   */
  async revoke(holder: string, subjects: readonly string[]): Promise<RevokedTokens | undefined> {
    const key = keyOf(holder);
    if (this.waiting >= MAX_UNWRITTEN) return this.giveUp();
    this.count(key, 1);
    try {
      return await this.write({ holder: key, subjects, ttlMs: this.ticketMs });
    } finally {
      this.count(key, -1);
    }
  }

  /**
   * Returns what is void of a holder's tokens.
   *
   * @throws {Error} when nobody can tell, so that none may be accepted
   */
  async read(holder: string): Promise<RevokedTokens> {
    const key = keyOf(holder);
    if (this.unwritten.has(key) || performance.now() < this.closedUntilMs)
      throw new Error('Revocations of resume tokens are still to be written.');
    return this.store.read(key);
  }

  private async write(revocation: TokenRevocation): Promise<RevokedTokens> {
    for (;;) {
      try {
        return await this.store.revoke(revocation);
      } catch (error) {
        if (this.waiting === 1)
          this.logger.warn(`Resume tokens cannot be revoked now: ${(error as Error).message}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  private giveUp(): undefined {
    if (performance.now() >= this.closedUntilMs)
      this.logger.error(
        `${MAX_UNWRITTEN} revocations of resume tokens wait to be written; clients of this process resume nothing.`,
      );
    this.closedUntilMs = performance.now() + this.ticketMs;
  }

  private count(key: string, by: 1 | -1): void {
    this.waiting += by;
    const count = (this.unwritten.get(key) ?? 0) + by;
    if (count) this.unwritten.set(key, count);
    else this.unwritten.delete(key);
  }
}

/** Names of users and of anonymous clients begin differently, so that neither fill the shards of the other. */
function keyOf(holder: string): string {
  return (holder.startsWith('user:') ? 'u' : 'c') + hash(holder).slice(0, HOLDER_CHARACTERS);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
