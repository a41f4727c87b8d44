import type { Cluster, Redis } from 'ioredis';
import {
  MAX_REVOKED_SUBJECTS,
  RevokedTokenStore,
  type RevokedTokens,
  type TokenRevocation,
} from '../backend/revoked-token-store.js';
import { RedisCalls } from './redis.calls.js';
import { unreadable } from './redis.errors.js';
import type { ResolvedTuning } from './redis.options.js';
import { RedisScript } from './redis.script.js';
import { REVOKE_SCRIPT } from './revoked-tokens-script.js';

/** The most holders of a shard; there is one for each pair of first characters of their names. */
const MAX_HOLDERS_OF_SHARD = 512;
const SHARD_CHARACTERS = 2;
const RECORD = /^\d{1,15};(?:[\w-]{1,64}=\d{1,15};)*$/;
const FLOOR = /^\d{1,15}$/;

/** How much the list in Redis holds. */
export interface RedisRevokedTokenBounds {
  /** The most holders of a shard; beyond, the floor of the shard rises. @default 512 */
  readonly maxHoldersOfShard?: number;
}

/**
 * The list of revoked tokens in Redis, in shards of bounded size.
 *
 * The keys of a shard are of one slot of a Cluster, and expire with the tokens.
 */
export class RedisRevokedTokens extends RevokedTokenStore {
  readonly #calls: RedisCalls;
  readonly #script = new RedisScript(REVOKE_SCRIPT);

  constructor(
    client: Redis | Cluster,
    private readonly tuning: ResolvedTuning,
    private readonly bounds: RedisRevokedTokenBounds = {},
  ) {
    super();
    this.#calls = new RedisCalls(client, tuning);
  }

  revoke({ holder, subjects, ttlMs }: TokenRevocation): Promise<RevokedTokens> {
    const { index, records } = this.#keysOf(holder);
    const { maxHoldersOfShard = MAX_HOLDERS_OF_SHARD } = this.bounds;
    const args = [Math.ceil(ttlMs), maxHoldersOfShard, MAX_REVOKED_SUBJECTS, holder, ...subjects];
    return this.#ask((client) => this.#script.run({ client, keys: [index, records], args }));
  }

  read(holder: string): Promise<RevokedTokens> {
    const { records } = this.#keysOf(holder);
    return this.#ask((client) => client.hmget(records, holder, '*'));
  }

  async #ask(command: (client: Redis) => Promise<unknown>): Promise<RevokedTokens> {
    try {
      return revokedTokensOf(await this.#calls.run(command));
    } catch (cause) {
      throw unreadable(cause as Error, 'The list of revoked tokens cannot be read or written');
    }
  }

  #keysOf(holder: string): { readonly index: string; readonly records: string } {
    const tag = `{${holder.slice(0, SHARD_CHARACTERS)}}`;
    const { prefix } = this.tuning;
    return { index: `${prefix}:vi:${tag}`, records: `${prefix}:v:${tag}` };
  }
}

/**
 * Reads what Redis holds of a holder.
 *
 * @throws {Error} when it is not of the form that this process writes
 */
function revokedTokensOf(reply: unknown): RevokedTokens {
  const [record, shardFloor] = reply as [record: unknown, shardFloor: unknown];
  const text = record ?? '0;';
  const floor = shardFloor ?? '0';
  if (typeof text !== 'string' || !RECORD.test(text) || typeof floor !== 'string' || !FLOOR.test(floor))
    throw new Error('the record of a holder cannot be understood');
  const [own, ...entries] = text.slice(0, -1).split(';');
  const subjects = new Map(
    entries.map((entry) => {
      const [subject, generation] = entry.split('=') as [string, string];
      return [subject, Number(generation)] as const;
    }),
  );
  return { floor: Math.max(Number(own), Number(floor)), subjects };
}
