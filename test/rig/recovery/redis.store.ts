import type { Position } from '@nestwire/messages';
import { messageIdOf } from '@nestwire/messages/internal';
import { RedisBroker } from '@nestwire/messages/redis';
import { redisKey } from '../redis-key.js';
import type { RedisServer } from '../redis-server.mjs';
import type { Ledger } from './ledger.js';
import type { Store, StoreNode } from './store.js';

const TURN_MS = 2;

/** Keeps the histories of a cluster in a Redis. */
export class RedisStore implements Store {
  #saved = 0;
  #any: RedisBroker | undefined;

  constructor(
    private readonly redis: RedisServer,
    private readonly ledger: Ledger,
  ) {}

  open(): StoreNode {
    const backend = new RedisBroker(this.redis.url);
    this.#any = backend;
    return { backend, history: backend.history };
  }

  /** Copies the keys aside; what was stored since is forgotten with its ids when they are taken back. */
  async save(channel: string): Promise<() => Promise<void>> {
    const aside = `saved:${++this.#saved}`;
    const ids = new Set(this.ledger.of(channel).all.map(({ id }) => id));
    for (const key of keysOf(channel)) await this.redis.call('COPY', key, `${aside}:${key}`, 'REPLACE');
    return async () => {
      await this.#forgetIds(channel, ids);
      for (const key of keysOf(channel)) {
        await this.redis.call('DEL', key);
        await this.redis.call('COPY', `${aside}:${key}`, key, 'REPLACE');
      }
    };
  }

  async lose(channel: string): Promise<void> {
    await this.#forgetIds(channel, new Set());
    await this.redis.call('DEL', ...keysOf(channel));
  }

  async head(channel: string): Promise<Position | undefined> {
    const [head] = await this.#any!.history.heads([channel]);
    return head ? { ...head, id: messageIdOf(head) } : undefined;
  }

  async forget(): Promise<void> {
    await this.redis.call('FLUSHALL');
  }

  turn(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, TURN_MS));
  }

  /** The ids of posts that are not on a branch are not known to it. */
  async #forgetIds(channel: string, kept: ReadonlySet<string>): Promise<void> {
    for (const { id, channel: other } of this.ledger.posts.values())
      if (other === channel && !kept.has(id)) await this.redis.call('DEL', `${redisKey('k', channel)}:${id}`);
  }
}

function keysOf(channel: string): [string, string] {
  return [redisKey('m', channel), redisKey('s', channel)];
}
