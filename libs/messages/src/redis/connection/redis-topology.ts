import type { Redis } from 'ioredis';
import type { RedisShard } from './redis-shard.js';

/** Makes the shard of a server, under one of the probe's numbers. */
export type ShardMaker = (client: Redis, sharded: boolean, probeNumber: number) => RedisShard;

/** Which server holds which channel. */
export interface RedisTopology {
  /** The servers known at this moment; none before the first start. */
  readonly shards: readonly RedisShard[];
  /** Connects to the servers; resolves when the first tries have succeeded or failed. */
  start(): Promise<void>;
  /** Sends one publication; settles with the answer of its server. */
  publish(key: string, text: string): Promise<unknown>;
  /** What publishes on the keys of channels. */
  readonly publishCommand: 'PUBLISH' | 'SPUBLISH';
  /** Returns the server that publications on a key go through; undefined when it is not known now. */
  shardOf(key: string): RedisShard | undefined;
  /** Returns the client of the server that holds what is stored below a key. */
  nodeOf(key: string): Redis | undefined;
  /** Wants a key; resolves when it is confirmed, or at once when that is not possible now. */
  want(key: string): Promise<void>;
  unwant(key: string): void;
  /** Looks anew which server holds what. */
  refresh(): void;
  /** Asks the servers which of them holds what. */
  moved(): void;
  close(): void;
}

/** A single server, be it behind a Sentinel. */
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

  want(key: string): Promise<void> {
    return this.shards[0].subscriber.want(key);
  }

  unwant(key: string): void {
    this.shards[0].subscriber.unwant(key);
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
