import type { Cluster, ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import { DEFAULT_POSTS, type PostsOptions } from '../../posts.options.js';
import { SYSTEM_CLOCK, type Clock } from '../../scheduling/clock.js';

/** A Redis Cluster: some of its nodes, and ioredis options for it. */
export interface RedisClusterSetup {
  readonly nodes: readonly ClusterNode[];
  readonly options?: ClusterOptions;
}

/** Where Redis is. */
export type RedisConnection = string | RedisOptions | RedisClusterSetup | Redis | Cluster;

/** How the Redis backend behaves. */
export interface RedisTuning extends PostsOptions {
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
   * How often the probe sends itself a message through Redis, in milliseconds, and how often Redis is
   * asked whether it is still the same master; 0 switches both off, and with them the detection of a
   * connection that is alive and delivers nothing.
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
   * Whether a Cluster carries channels by sharded pub/sub: `auto` when it is Redis 7 or newer. All
   * processes of an application must say the same.
   *
   * @default 'auto'
   */
  readonly sharded?: 'auto' | 'never';
  /** What tells the time and waits; for tests. */
  readonly clock?: Clock;
}

/** The tuning with its defaults filled in. */
export type ResolvedTuning = Required<RedisTuning>;

/** The defaults of the Redis backend. */
export const DEFAULT_TUNING: ResolvedTuning = {
  prefix: 'nestwire',
  commandTimeoutMs: 2_000,
  connectTimeoutMs: 3_000,
  maxReconnectDelayMs: 1_000,
  probeIntervalMs: 5_000,
  probeTimeoutMs: 10_000,
  ...DEFAULT_POSTS,
  sharded: 'auto',
  clock: SYSTEM_CLOCK,
};

/** Fills in the defaults, and tells what is wrong with what was given. */
export function resolveTuning(tuning: RedisTuning): { tuning: ResolvedTuning; problems: string[] } {
  const given = Object.fromEntries(
    Object.keys(DEFAULT_TUNING)
      .map((key) => [key, tuning[key as keyof RedisTuning]])
      .filter(([, value]) => value !== undefined),
  ) as RedisTuning;
  const resolved = { ...DEFAULT_TUNING, ...given };
  const problems = FIGURES.filter((key) => !(resolved[key] >= (key === 'probeIntervalMs' ? 0 : 1))).map(
    (key) => `${key} is a number from ${key === 'probeIntervalMs' ? 0 : 1} on; got ${String(resolved[key])}.`,
  );
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(resolved.prefix))
    problems.push(
      `prefix has 1 to 64 characters of A-Z a-z 0-9 _ . -; got ${JSON.stringify(resolved.prefix)}.`,
    );
  return { tuning: resolved, problems };
}

const FIGURES = [
  'commandTimeoutMs',
  'connectTimeoutMs',
  'maxReconnectDelayMs',
  'probeIntervalMs',
  'probeTimeoutMs',
  'maxPendingPosts',
  'maxPendingBytes',
] as const;

/**
 * Returns the pause before the next try to connect, in milliseconds.
 *
 * Half of it is jitter.
 * With less than that half a process would try more than four times a second, over its two connections.
 */
export function reconnectDelay(attempt: number, maxMs: number): number {
  return (0.5 + Math.random() / 2) * Math.min(maxMs, 100 * 2 ** Math.min(attempt, 16));
}
