import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { CloseCode } from '@nestwire/protocol';
import {
  requiredGeneration,
  type RevokedTokens,
  type RevokedTokenStore,
  type TokenRevocation,
} from '@nestwire/messages/backend';
import { paramsText } from '@nestwire/protocol/internal';
import type { SessionCloseReason } from '../session/session-close-reason.js';
import type { ResumeTokenSubject } from '../subscriptions/resume-token-signer.js';

const RETRY_MS = 2_000;
const MAX_UNWRITTEN = 10_000;
/** The interval in which the floors are read, in milliseconds. */
const FLOORS_MS = 30_000;
/** The time for which the closed streams of an endpoint are not read again, in milliseconds. */
const CLOSED_MS = 1_000;
const HOLDER_CHARACTERS = 22;
const SHARD_CHARACTERS = 2;
const SUBJECT_CHARACTERS = 12;

/** The names of the shards, which are prefixes of holder keys; see `keyOf`. */
const SHARDS: readonly string[] = ['u', 'c'].flatMap((kind) =>
  [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].map((first) => kind + first),
);

/** Close reasons that are no decision of the server about the user; the client may resume after them. */
const RESUMABLE: ReadonlySet<string> = new Set([
  'closed-by-client',
  'connection-lost',
  'shutdown',
  'identity-changed',
]);

/** Returns true when the end of a session for this reason voids its tokens. */
export function isFinalEnd({ code, connectionCode }: SessionCloseReason): boolean {
  return !RESUMABLE.has(code) || connectionCode === CloseCode.Revoked;
}

/** Returns the name of a subject in the list of revoked tokens. */
export function revocationSubject(subject: Omit<ResumeTokenSubject, 'holder'>): string {
  const { endpoint, paramsText, channel } = subject;
  return hash(paramsText ? `${endpoint} ${channel} ${paramsText}` : `${endpoint} ${channel}`).slice(
    0,
    SUBJECT_CHARACTERS,
  );
}

/** Returns the name of closed streams in the list of revoked tokens. */
export function closingSubject({
  endpoint,
  paramsText,
}: Omit<ResumeTokenSubject, 'holder' | 'channel'>): string {
  return hash(`close ${endpoint} ${paramsText}`).slice(0, SUBJECT_CHARACTERS);
}

/** Returns the least generation that a list requires of a token. */
export function requiredOf(revoked: RevokedTokens, subject: Omit<ResumeTokenSubject, 'holder'>): number {
  const required = requiredGeneration(revoked, revocationSubject(subject));
  // Most holders have no entry, and then no name is necessary.
  if (!revoked.subjects.size) return required;
  const { endpoint } = subject;
  const closed = subsetsOf(subject.paramsText).map((paramsText) => closingSubject({ endpoint, paramsText }));
  return Math.max(required, ...closed.map((name) => revoked.subjects.get(name) ?? 0));
}

/** Returns the texts of all sets that the parameters contain, themselves included. */
function subsetsOf(text: string): string[] {
  if (!text) return [''];
  const params = Object.entries(JSON.parse(text) as object);
  return Array.from({ length: 2 ** params.length }, (_, set) => {
    const chosen = params.filter((_param, index) => set & (1 << index));
    return chosen.length ? paramsText(Object.fromEntries(chosen)) : '';
  });
}

/** Streams whose resume tokens are void. */
export interface ClosedStreams {
  readonly endpoint: string;
  /** The canonical text of the parameters; empty for all streams of the endpoint. */
  readonly paramsText: string;
  /** The user of the streams; undefined for all users. */
  readonly userId: string | undefined;
}

interface ReadOnce {
  readonly revoked: Promise<RevokedTokens>;
  readonly atMs: number;
}

/**
 * Revokes resume tokens, and reads the revocations of all servers.
 *
 * A revocation that cannot be stored is retried as long as the process runs. Until it is stored, this process
 * resumes no subscription of that holder.
 *
 * The process caches the floor of each shard, so that revocations hold for the first token of a client.
 */
export class TokenRevocations {
  private readonly logger = new Logger('Streams');
  /** The number of unstored revocations, by holder. */
  private readonly unwritten = new Map<string, number>();
  /** The minimum generation of valid tokens, by shard. */
  private readonly floors = new Map<string, number>();
  private readonly readingFloors = new Set<string>();
  /** The closed streams of endpoints, as they were read last. */
  private readonly closed = new Map<string, ReadOnce>();
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private risen = 0;
  private waiting = 0;
  /** The end of a period without resumes, after a revocation was given up. */
  private closedUntilMs = 0;

  constructor(
    private readonly store: RevokedTokenStore,
    private readonly resumeTokenMs: number,
  ) {}

  /** The number of times a floor has risen; older tokens may be void then. */
  get floorsVersion(): number {
    return this.risen;
  }

  /** Reads the floors now and periodically; resolves after the first read, also if it failed. */
  async start(): Promise<void> {
    await Promise.all(SHARDS.map((shard) => this.readFloor(shard)));
    if (!this.isStopped) this.timer = setTimeout(() => void this.start(), FLOORS_MS).unref();
  }

  /** Stops reading floors. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** Returns the minimum generation of a holder's tokens for an endpoint, as far as it is known. */
  floorOf(holder: string, endpoint: string): number {
    return Math.max(this.shardFloorOf(holder), this.shardFloorOf(endpointHolder(endpoint)));
  }

  /**
   * Voids a holder's tokens of the subjects.
   *
   * @returns the revoked tokens, once they are stored; undefined when too many revocations wait
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
   * Returns the revoked tokens of a holder.
   *
   * @throws {Error} when they are unknown; accept no token then
   */
  async read(holder: string): Promise<RevokedTokens> {
    const key = keyOf(holder);
    if (this.unwritten.has(key) || performance.now() < this.closedUntilMs)
      throw new Error('Revocations of resume tokens are not stored yet.');
    const revoked = await this.store.read(key, this.resumeTokenMs);
    const shard = shardOf(key);
    if (revoked.floor > (this.floors.get(shard) ?? 0)) void this.readFloor(shard);
    return revoked;
  }

  /**
   * Voids the tokens of closed streams: those of one user, or of all holders.
   *
   * Resolves once that is stored.
   */
  async close({ userId, ...streams }: ClosedStreams): Promise<void> {
    const holder = userId === undefined ? endpointHolder(streams.endpoint) : `user:${userId}`;
    await this.revoke(holder, [closingSubject(streams)]);
    this.forgetClosed(streams.endpoint);
  }

  /** Reads the closed streams of an endpoint again at the next use. */
  forgetClosed(endpoint: string): void {
    this.closed.delete(endpoint);
  }

  /**
   * Returns the tokens of all holders that are revoked for an endpoint; read once a second.
   *
   * @throws {Error} when they are unknown; accept no token then
   */
  closedOf(endpoint: string): Promise<RevokedTokens> {
    const now = performance.now();
    const known = this.closed.get(endpoint);
    if (known && now - known.atMs < CLOSED_MS) return known.revoked;
    const revoked = this.read(endpointHolder(endpoint));
    this.closed.set(endpoint, { revoked, atMs: now });
    revoked.catch(() => this.closed.delete(endpoint));
    return revoked;
  }

  private shardFloorOf(holder: string): number {
    return this.floors.get(shardOf(keyOf(holder))) ?? 0;
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
      // The next interval retries.
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
          this.logger.warn(
            `Resume tokens cannot be revoked at the moment; retrying. ${(error as Error).message}`,
          );
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  private giveUp(): undefined {
    if (performance.now() >= this.closedUntilMs)
      this.logger.error(
        `${MAX_UNWRITTEN} revocations of resume tokens wait to be stored; this process resumes no subscriptions for now.`,
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

/** Returns the holder of the tokens of all clients of an endpoint. */
function endpointHolder(endpoint: string): string {
  return `endpoint:${endpoint}`;
}

/** Returns the key of a holder; users and anonymous clients have separate shards. */
function keyOf(holder: string): string {
  return (holder.startsWith('user:') ? 'u' : 'c') + hash(holder).slice(0, HOLDER_CHARACTERS);
}

function shardOf(key: string): string {
  return key.slice(0, SHARD_CHARACTERS);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
