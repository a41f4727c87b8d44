import type { Cluster, ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import { DEFAULT_POSTS, type PostsOptions } from '../../posts.options.js';
import { SYSTEM_CLOCK, type Clock } from '../../scheduling/clock.js';

/** A Redis Cluster: some of its nodes, and its ioredis options. */
export interface RedisClusterSetup {
  readonly nodes: readonly ClusterNode[];
  readonly options?: ClusterOptions;
}

/** The location of Redis, or an ioredis client. */
export type RedisConnection = string | RedisOptions | RedisClusterSetup | Redis | Cluster;

/** The tuning of the Redis broker. */
export interface RedisTuning {
  /**
   * Separates applications that share one Redis: 1 to 64 characters of A-Z a-z 0-9 _ . -
   *
   * @default 'nestwire'
   */
  readonly prefix?: string;
  /**
   * The deadline of a command, in milliseconds.
   *
   * @default 2_000
   */
  readonly commandTimeoutMs?: number;
  /**
   * The deadline of one attempt to connect, in milliseconds; the start of the application waits as long.
   *
   * @default 3_000
   */
  readonly connectTimeoutMs?: number;
  /**
   * The longest pause between two attempts to connect, in milliseconds.
   *
   * The pause starts at 100 ms and doubles up to this limit; half of it is random.
   *
   * @default 1_000
   */
  readonly maxReconnectDelayMs?: number;
  /**
   * The interval of the probe and of the replication check, in milliseconds.
   *
   * The probe sends itself a message through Redis; the replication check detects a replaced master.
   * 0 disables both, and with them the detection of stalled pub/sub on an open connection.
   *
   * @default 5_000
   */
  readonly probeIntervalMs?: number;
  /**
   * The longest time that the probe's message may be missing, in milliseconds; then the subscriber reconnects.
   *
   * @default 10_000
   */
  readonly probeTimeoutMs?: number;
  /**
   * The use of sharded pub/sub in a Cluster: `auto` uses it with Redis 7 or newer.
   *
   * All processes of an application must use the same value.
   *
   * @default 'auto'
   */
  readonly sharded?: 'auto' | 'never';
}

/** The option `redis` in its long form: the location of Redis and the tuning. */
export interface RedisSettings extends RedisTuning {
  /** The location of Redis; undefined keeps channels in this process. */
  readonly connection: RedisConnection | undefined;
}

/** The options of a Redis broker: its tuning, and options of `MessagesModule`. */
export interface RedisBrokerOptions extends RedisTuning, PostsOptions {
  /** Largest encoded message, in bytes of UTF-8. @default 1_048_576 */
  readonly maxMessageBytes?: number;
  /** The source of time and timers; for tests. */
  readonly clock?: Clock;
}

/** The tuning, the bounds of posts and the clock, with the defaults filled in. */
export type ResolvedTuning = Required<Omit<RedisBrokerOptions, 'maxMessageBytes'>>;

/** The defaults of the Redis broker. */
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

/** Fills in the defaults, and lists the problems of the given values. */
export function resolveTuning(options: RedisBrokerOptions): { tuning: ResolvedTuning; problems: string[] } {
  const given = Object.fromEntries(
    Object.keys(DEFAULT_TUNING)
      .map((key) => [key, options[key as keyof ResolvedTuning]])
      .filter(([, value]) => value !== undefined),
  ) as Partial<ResolvedTuning>;
  const resolved = { ...DEFAULT_TUNING, ...given };
  const problems = FIGURES.filter((key) => !(resolved[key] >= (key === 'probeIntervalMs' ? 0 : 1))).map(
    (key) =>
      `${key} must be a number of at least ${key === 'probeIntervalMs' ? 0 : 1}; got ${String(resolved[key])}.`,
  );
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(resolved.prefix))
    problems.push(
      `prefix must have 1 to 64 characters of A-Z a-z 0-9 _ . -; got ${JSON.stringify(resolved.prefix)}.`,
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
 * Returns the pause before the next attempt to connect, in milliseconds.
 *
 * Half of it is jitter. The fixed half keeps a process, with its two connections, below four attempts a second.
 */
export function reconnectDelay(attempt: number, maxMs: number): number {
  return (0.5 + Math.random() / 2) * Math.min(maxMs, 100 * 2 ** Math.min(attempt, 16));
}
