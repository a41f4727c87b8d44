import type { Cluster, Redis } from 'ioredis';
import {
  CallStore,
  type CallChange,
  type CallState,
  type NewCall,
  type StoredItems,
} from '../../calls/call-store.js';
import { RedisCalls } from '../connection/redis-calls.js';
import { isCluster } from '../connection/redis-link.js';
import { RedisScript } from '../connection/redis-script.js';
import { unreadable } from '../connection/redis.errors.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import { WriteCork } from '../connection/write-cork.js';
import { CHANGE_CALL_SCRIPT, CREATE_CALL_SCRIPT, READ_CALL_SCRIPT } from './call-scripts.js';
import { RedisItemWriter, type AskRedis } from './redis-item-writer.js';

/** The maximum number of calls whose keys are remembered. */
const MAX_KNOWN_CALLS = 1_024;

type Run = (client: Redis, keys: readonly string[]) => Promise<unknown>;

/**
 * Stores calls in Redis.
 *
 * A call has the keys `<prefix>:call:{<key>}` and `<prefix>:items:{<key>}`, a server has `<prefix>:server:<name>`.
 */
export class RedisCallStore extends CallStore {
  private readonly calls: RedisCalls;
  /** The keys of the latest calls. */
  private readonly keys = new Map<string, readonly string[]>();
  private readonly createScript = new RedisScript(CREATE_CALL_SCRIPT);
  private readonly changeScript = new RedisScript(CHANGE_CALL_SCRIPT);
  private readonly readScript = new RedisScript(READ_CALL_SCRIPT);
  private readonly items: RedisItemWriter;
  private readonly cork: WriteCork;

  constructor(
    private readonly client: Redis | Cluster,
    private readonly tuning: ResolvedTuning,
  ) {
    super();
    this.calls = new RedisCalls(client, tuning);
    this.cork = new WriteCork(client);
    const ask: AskRedis = (command) => this.ask(command);
    this.items = new RedisItemWriter({ ask, failureOf, cork: this.cork, isCluster: isCluster(client) });
  }

  async renew(server: string, leaseMs: number): Promise<void> {
    await this.ask((client) => client.set(this.serverKey(server), '1', 'PX', Math.ceil(leaseMs)));
  }

  async isAlive(server: string): Promise<boolean> {
    return (await this.ask((client) => client.exists(this.serverKey(server)))) === 1;
  }

  async create({ key, owner, request, ttlMs }: NewCall): Promise<boolean> {
    const args = [owner, request, Math.ceil(ttlMs)];
    return (await this.of(key, (client, keys) => this.createScript.run({ client, keys, args }))) === 1;
  }

  async append(key: string, items: readonly string[]): Promise<boolean> {
    return !items.length || this.items.append(this.keysOf(key), items);
  }

  async change(key: string, change: CallChange): Promise<CallState | undefined> {
    const args = fieldsOf(change);
    const reply = await this.of(key, (client, keys) => this.changeScript.run({ client, keys, args }));
    return this.parsed(() => stateOf(reply));
  }

  async read(key: string, after: number, limit: number): Promise<StoredItems | undefined> {
    const args = [after, after + limit - 1];
    const reply = await this.of(key, (client, keys) => this.readScript.run({ client, keys, args }));
    return this.parsed(() => {
      const [state, items] = reply as [unknown, unknown];
      const read = stateOf(state ?? []);
      return read && { state: read, items: textsOf(items) };
    });
  }

  async remove(key: string): Promise<void> {
    await this.of(key, (client, keys) => client.del(...keys));
  }

  private of(key: string, run: Run): Promise<unknown> {
    const keys = this.keysOf(key);
    // Many calls change together.
    this.cork.joinTurn();
    return this.ask((client) => run(client, keys));
  }

  /** Returns the keys of a call, the same for each of its items, because they are much longer than most items. */
  private keysOf(key: string): readonly string[] {
    const known = this.keys.get(key);
    if (known) return known;
    const { prefix } = this.tuning;
    const keys = [`${prefix}:call:{${key}}`, `${prefix}:items:{${key}}`];
    if (this.keys.size >= MAX_KNOWN_CALLS) this.keys.clear();
    this.keys.set(key, keys);
    return keys;
  }

  private async ask<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await this.calls.run(command);
    } catch (cause) {
      throw failureOf(cause as Error);
    }
  }

  /** Reads a reply; a malformed one counts as an unreachable store. */
  private parsed<T>(parse: () => T): T {
    try {
      return parse();
    } catch (cause) {
      throw unreadable(cause as Error, 'A stored call is malformed');
    }
  }

  private serverKey(server: string): string {
    return `${this.tuning.prefix}:server:${server}`;
  }
}

function failureOf(cause: Error): Error {
  return unreadable(cause, 'A stored call cannot be read or written');
}

function fieldsOf({ reader, leaves, consumed, cancel, end, ttlMs }: CallChange): Array<string | number> {
  return [
    ...(leaves === undefined ? [] : ['leaves', leaves]),
    ...(reader === undefined ? [] : ['r', reader]),
    ...(consumed === undefined ? [] : ['consumed', consumed]),
    ...(cancel ? ['x', '1'] : []),
    ...(end === undefined ? [] : ['end', end]),
    ...(ttlMs === undefined ? [] : ['ttl', Math.ceil(ttlMs)]),
  ];
}

/**
 * Parses a state; undefined for an unknown call.
 *
 * @throws {Error} when it is malformed
 */
function stateOf(reply: unknown): CallState | undefined {
  if (!Array.isArray(reply)) throw new Error('the reply is no list');
  if (!reply.length) return undefined;
  const [owner, request, reader, items, consumed, cancelled, end] = reply as unknown[];
  const [ownerText, requestText, readerText, cancelledText] = textsOf([owner, request, reader, cancelled]);
  if (!isCount(items) || !isCount(consumed)) throw new Error('a count is malformed');
  return {
    owner: ownerText!,
    request: requestText!,
    reader: readerText!,
    items,
    consumed,
    isCancelled: cancelledText === '1',
    end: end === null || end === undefined ? undefined : textsOf([end])[0],
  };
}

function textsOf(values: unknown): string[] {
  if (Array.isArray(values) && values.every((value): value is string => typeof value === 'string'))
    return values;
  throw new Error('a text is missing');
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
