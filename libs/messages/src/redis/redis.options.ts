import type { Cluster, ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';

/** A Redis Cluster: some of its nodes, and ioredis options for it. */
export interface RedisClusterSetup {
  readonly nodes: readonly ClusterNode[];
  readonly options?: ClusterOptions;
}

/** Where Redis is. */
export type RedisConnection = string | RedisOptions | RedisClusterSetup | Redis | Cluster;

/** How the Redis backend behaves. */
export interface RedisTuning {
  /**
   * Keeps applications apart that share a Redis: 1 to 64 characters of A-Z a-z 0-9 _ . -
   *
   * @default 'nestwire'
   */
  readonly prefix?: string;
  /**
   * The longest that a command waits for Redis, in milliseconds.
   *
   * @default 2_000
   */
  readonly commandTimeoutMs?: number;
  /**
   * The longest that one try to connect takes, and that the start waits for it, in milliseconds.
   *
   * @default 3_000
   */
  readonly connectTimeoutMs?: number;
  /**
   * The longest pause between two tries to connect, in milliseconds; the pause is random below it,
   * and its bound doubles from 100 up to this.
   *
   * @default 1_000
   */
  readonly maxReconnectDelayMs?: number;
  /**
   * How often the probe sends itself a message through Redis, in milliseconds; 0 switches it off,
   * and with it the detection of a connection that is alive and delivers nothing.
   *
   * @default 5_000
   */
  readonly probeIntervalMs?: number;
  /**
   * How long the probe's message may be missing before the subscriber is connected anew, in
   * milliseconds.
   *
   * @default 10_000
   */
  readonly probeTimeoutMs?: number;
  /**
   * The most posts that wait for Redis.
   *
   * @default 1_000
   */
  readonly maxPendingPosts?: number;
  /**
   * The most bytes of posts that wait for Redis.
   *
   * @default 16_777_216
   */
  readonly maxPendingBytes?: number;
  /**
   * Whether a Cluster carries channels by sharded pub/sub: `auto` when it is Redis 7 or newer. All
   * processes of an application must say the same.
   *
   * @default 'auto'
   */
  readonly sharded?: 'auto' | 'never';
}
