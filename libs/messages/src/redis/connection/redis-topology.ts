import type { Redis } from 'ioredis';
import type { RedisShard } from './redis-shard.js';

/** Creates the shard of a server, with the number of its probe key. */
export type ShardMaker = (client: Redis, sharded: boolean, probeNumber: number) => RedisShard;

/** The assignment of channels to servers. */
export interface RedisTopology {
  /** The servers known now; a Cluster has none before `start`. */
  readonly shards: readonly RedisShard[];
  /** Connects to the servers; resolves when the first attempts have succeeded or failed. */
  start(): Promise<void>;
  /** Sends one publication; settles with the reply of its server. */
  publish(key: string, text: string): Promise<unknown>;
  /** The command that publishes on the keys of channels. */
  readonly publishCommand: 'PUBLISH' | 'SPUBLISH';
  /** Returns the server that carries publications on a key; undefined when it is unknown now. */
  shardOf(key: string): RedisShard | undefined;
  /** Returns the client of the server that stores a key; undefined when it is unknown now. */
  nodeOf(key: string): Redis | undefined;
  /** Adds a desired key; resolves when it is confirmed, or at once without a connection. */
  subscribe(key: string): Promise<void>;
  /** Removes a desired key; no message on it is reported after the call. */
  unsubscribe(key: string): void;
  /** Applies the client's current slot map to the shards and the desired keys. */
  refresh(): void;
  /** Requests a new slot map from the servers, then refreshes. */
  moved(): void;
  close(): void;
}

/** A single server, with or without Sentinels. */
export class SingleTopology implements RedisTopology {
  readonly shards: readonly [RedisShard];
  readonly publishCommand = 'PUBLISH';

  constructor(client: Redis, makeShard: ShardMaker) {
    this.shards = [makeShard(client, false, 0)];
  }

  start(): Promise<void> {
    return this.shards[0].start();
  }

  publish(key: string, text: string): Promise<unknown> {
    return this.shards[0].client.publish(key, text);
  }

  shardOf(): RedisShard {
    return this.shards[0];
  }

  nodeOf(): Redis {
    return this.shards[0].client;
  }

  subscribe(key: string): Promise<void> {
    return this.shards[0].subscriber.subscribe(key);
  }

  unsubscribe(key: string): void {
    this.shards[0].subscriber.unsubscribe(key);
  }

  refresh(): void {}

  moved(): void {}

  close(): void {
    this.shards[0].close();
  }
}

/** Resolves when the client is ready. */
export function untilReady(client: Redis): Promise<void> {
  return client.status === 'ready'
    ? Promise.resolve()
    : new Promise((resolve) => void client.once('ready', () => resolve()));
}
