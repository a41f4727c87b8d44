import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { CloseCode } from '@nestwire/protocol';
import type { RevokedTokens, RevokedTokenStore, TokenRevocation } from '@nestwire/messages/backend';
import type { SessionCloseReason } from '../session/session-close-reason.js';
import type { ResumeTokenSubject } from '../subscriptions/resume-token-signer.js';

const RETRY_MS = 2_000;
const MAX_UNWRITTEN = 10_000;
/** How often the floors of the list are read again. */
const FLOORS_MS = 30_000;
const HOLDER_CHARACTERS = 22;
const SHARD_CHARACTERS = 2;
const SUBJECT_CHARACTERS = 12;

/** The names of shards, which begin the names of their holders; see `keyOf`. */
const SHARDS: readonly string[] = ['u', 'c'].flatMap((kind) =>
  [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].map((first) => kind + first),
);

/** Ends that are not the server's decision about the user: who comes back may resume. */
const RESUMABLE: ReadonlySet<string> = new Set([
  'closed-by-client',
  'connection-lost',
  'shutdown',
  'identity-changed',
]);

/** Tells whether the end of a session for this reason voids its tokens. */
export function isFinalEnd({ code, connectionCode }: SessionCloseReason): boolean {
  return !RESUMABLE.has(code) || connectionCode === CloseCode.Revoked;
}

/** Returns the name of a subject in the list of revoked tokens. */
export function revocationSubject({ endpoint, channel }: Omit<ResumeTokenSubject, 'holder'>): string {
  return hash(`${endpoint} ${channel}`).slice(0, SUBJECT_CHARACTERS);
}

/**
 * The resume tokens that the server has taken back, of all holders.
 *
 * A revocation that cannot be written is tried again for as long as the process lives. Until it is
 * written, this process resumes nothing of that holder.
 *
 * The process knows the floor of each shard of the list, so that the first token of a client holds already.
 */
export class TokenRevocations {
  private readonly logger = new Logger('Streams');
  /** How many revocations of each holder wait to be written. */
  private readonly unwritten = new Map<string, number>();
  /** The generation that all tokens of a shard must have. */
  private readonly floors = new Map<string, number>();
  private readonly readingFloors = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private risen = 0;
  private waiting = 0;
  /** Until then nothing is resumed, because a revocation was given up. */
  private closedUntilMs = 0;

  constructor(
    private readonly store: RevokedTokenStore,
    private readonly resumeTokenMs: number,
  ) {}

  /** How often a floor has risen: tokens from before may be void. */
  get floorsVersion(): number {
    return this.risen;
  }

  /** Reads the floors, now and again and again; resolves when they are known, or cannot be read now. */
  async start(): Promise<void> {
    await Promise.all(SHARDS.map((shard) => this.readFloor(shard)));
    if (!this.isStopped) this.timer = setTimeout(() => void this.start(), FLOORS_MS).unref();
  }

  /** Reads no more floors. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** Returns the generation that all tokens of a holder must have, as far as it is known. */
  floorOf(holder: string): number {
    return this.floors.get(shardOf(keyOf(holder))) ?? 0;
  }

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
      return await this.write({ holder: key, subjects, ttlMs: this.resumeTokenMs });
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
    const revoked = await this.store.read(key, this.resumeTokenMs);
    const shard = shardOf(key);
    if (revoked.floor > (this.floors.get(shard) ?? 0)) void this.readFloor(shard);
    return revoked;
  }

  private async readFloor(shard: string): Promise<void> {
    if (this.readingFloors.has(shard)) return;
    this.readingFloors.add(shard);
    try {
      const { floor } = await this.store.read(shard, this.resumeTokenMs);
      if (floor <= (this.floors.get(shard) ?? 0)) return;
      this.floors.set(shard, floor);
      this.risen++;
    } catch {
      // The next time tells.
    } finally {
      this.readingFloors.delete(shard);
    }
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
    this.closedUntilMs = performance.now() + this.resumeTokenMs;
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

function shardOf(key: string): string {
  return key.slice(0, SHARD_CHARACTERS);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
