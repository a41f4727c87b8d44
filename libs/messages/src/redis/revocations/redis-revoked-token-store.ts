import type { Cluster, Redis } from 'ioredis';
import {
  MAX_REVOKED_SUBJECTS,
  RevokedTokenStore,
  type RevokedTokens,
  type TokenRevocation,
} from '../../revocations/revoked-token-store.js';
import { RedisCalls } from '../connection/redis-calls.js';
import { unreadable } from '../connection/redis.errors.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import { RedisScript } from '../connection/redis-script.js';
import { READ_REVOKED_SCRIPT, REVOKE_SCRIPT } from './revoked-tokens-script.js';

/** The most holders of a shard; the first two characters of a holder select its shard. */
const MAX_HOLDERS_OF_SHARD = 512;
const SHARD_CHARACTERS = 2;
const RECORD = /^\d{1,15};(?:[\w-]{1,64}=\d{1,15};)*$/;
const FLOOR = /^\d{1,15}$/;

/** The limits of the list in Redis. */
export interface RedisRevokedTokenBounds {
  /** The most holders of a shard; a further one raises the floor of the shard. @default 512 */
  readonly maxHoldersOfShard?: number;
}

/**
 * Stores revoked tokens in Redis, in shards of bounded size.
 *
 * The keys of a shard are in one slot of a Cluster, and expire when all its tokens have expired. A shard that has
 * lost its data starts again above all generations that this process has seen, because the clock of Redis may
 * have gone back.
 */
export class RedisRevokedTokenStore extends RevokedTokenStore {
  private readonly calls: RedisCalls;
  private readonly revokeScript = new RedisScript(REVOKE_SCRIPT);
  private readonly readScript = new RedisScript(READ_REVOKED_SCRIPT);
  /** The latest seen generation of each shard; at most 4,096 shards. */
  private readonly seen = new Map<string, number>();

  constructor(
    client: Redis | Cluster,
    private readonly tuning: ResolvedTuning,
    private readonly bounds: RedisRevokedTokenBounds = {},
  ) {
    super();
    this.calls = new RedisCalls(client, tuning);
  }

  revoke({ holder, subjects, ttlMs }: TokenRevocation): Promise<RevokedTokens> {
    const { index, records } = this.keysOf(holder);
    const { maxHoldersOfShard = MAX_HOLDERS_OF_SHARD } = this.bounds;
    const bounds = [maxHoldersOfShard, MAX_REVOKED_SUBJECTS];
    const args = [Math.ceil(ttlMs), this.seenOf(holder), ...bounds, holder, ...subjects];
    return this.ask(holder, (client) => this.revokeScript.run({ client, keys: [index, records], args }));
  }

  read(holder: string, ttlMs: number): Promise<RevokedTokens> {
    const { index, records } = this.keysOf(holder);
    const args = [Math.ceil(ttlMs), this.seenOf(holder), holder];
    return this.ask(holder, (client) => this.readScript.run({ client, keys: [index, records], args }));
  }

  private async ask(holder: string, command: (client: Redis) => Promise<unknown>): Promise<RevokedTokens> {
    try {
      const revoked = revokedTokensOf(await this.calls.run(command));
      this.see(holder, revoked);
      return revoked;
    } catch (cause) {
      throw unreadable(cause as Error, 'The list of revoked tokens cannot be read or written');
    }
  }

  private seenOf(holder: string): number {
    return this.seen.get(shardOf(holder)) ?? 0;
  }

  private see(holder: string, { floor, subjects }: RevokedTokens): void {
    this.seen.set(shardOf(holder), Math.max(this.seenOf(holder), floor, ...subjects.values()));
  }

  private keysOf(holder: string): { readonly index: string; readonly records: string } {
    const tag = `{${shardOf(holder)}}`;
    const { prefix } = this.tuning;
    return { index: `${prefix}:vi:${tag}`, records: `${prefix}:v:${tag}` };
  }
}

function shardOf(holder: string): string {
  return holder.slice(0, SHARD_CHARACTERS);
}

/**
 * Parses the record of a holder.
 *
 * @throws {Error} when it is malformed
 */
function revokedTokensOf(reply: unknown): RevokedTokens {
  const [record, shardFloor] = reply as [record: unknown, shardFloor: unknown];
  const text = record ?? '0;';
  if (
    typeof text !== 'string' ||
    !RECORD.test(text) ||
    typeof shardFloor !== 'string' ||
    !FLOOR.test(shardFloor)
  )
    throw new Error('the record of a holder is malformed');
  const [own, ...entries] = text.slice(0, -1).split(';');
  const subjects = new Map(
    entries.map((entry) => {
      const [subject, generation] = entry.split('=') as [string, string];
      return [subject, Number(generation)] as const;
    }),
  );
  return { floor: Math.max(Number(own), Number(shardFloor)), subjects };
}
