import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { MessagesConfigurationError } from '../../messages-configuration.error.js';
import {
  reconnectDelay,
  type RedisClusterSetup,
  type RedisConnection,
  type ResolvedTuning,
} from './redis.options.js';

/**
 * The options that keep an ioredis client from posting twice and from hanging.
 *
 * Spread them into the options of your own client before you pass it to `MessagesModule`. For a
 * Cluster, use `SAFE_CLUSTER_OPTIONS`.
 */
export const SAFE_CLIENT_OPTIONS = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
} as const;

/** The options that keep an ioredis Cluster from posting twice and from hanging. */
export const SAFE_CLUSTER_OPTIONS = {
  enableOfflineQueue: false,
  retryDelayOnFailover: 0,
  redisOptions: { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 },
} as const;

/** The client that publishes, and its ownership. */
export interface RedisLink {
  readonly client: Redis | Cluster;
  /** True when the application owns the client; nestwire then leaves it open. */
  readonly given: boolean;
}

/**
 * Creates the client that publishes, or accepts the given one.
 *
 * A created client is not connected yet.
 *
 * @throws {MessagesConfigurationError} when the connection is invalid or unsafe
 */
export function openLink(connection: RedisConnection, tuning: ResolvedTuning): RedisLink {
  if (isClient(connection)) {
    const problems = isCluster(connection)
      ? clusterProblems(connection.options)
      : clientProblems(connection.options);
    if (problems.length > 0) throw new MessagesConfigurationError(problems);
    return { client: connection, given: true };
  }
  if (typeof connection === 'object' && 'nodes' in connection)
    return { client: makeCluster(connection, tuning), given: false };
  return { client: makeClient(connection, tuning), given: false };
}

/** Returns true for the client of a Cluster. */
export function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster;
}

/**
 * Creates a client for subscriptions with the options of another.
 *
 * It never reconnects by itself.
 */
export function openSubscriber(client: Redis, tuning: ResolvedTuning): Redis {
  return openBeside(client, tuning, 'subscriber');
}

/** Creates a client for writes that wait for replicas, with the options of another. */
export function openWriter(client: Redis, tuning: ResolvedTuning): Redis {
  return openBeside(client, tuning, 'writer');
}

function openBeside(client: Redis, tuning: ResolvedTuning, purpose: string): Redis {
  return client.duplicate({
    ...SAFE_CLIENT_OPTIONS,
    ...timeouts(tuning),
    autoResubscribe: false,
    enableAutoPipelining: false,
    lazyConnect: true,
    readOnly: false,
    reconnectOnError: null,
    retryStrategy: null,
    sentinelRetryStrategy: () => null,
    connectionName: `${client.options.connectionName ?? 'nestwire'}:${purpose}`,
  });
}

function timeouts({ commandTimeoutMs, connectTimeoutMs }: ResolvedTuning) {
  return {
    commandTimeout: commandTimeoutMs,
    connectTimeout: connectTimeoutMs,
    keepAlive: 10_000,
    disconnectTimeout: 100,
  };
}

function makeClient(connection: string | RedisOptions, tuning: ResolvedTuning): Redis {
  refuseKeyPrefix(connection);
  const retryStrategy = (times: number) => reconnectDelay(times, tuning.maxReconnectDelayMs);
  const options: RedisOptions = {
    connectionName: 'nestwire',
    ...(typeof connection === 'string' ? {} : connection),
    ...SAFE_CLIENT_OPTIONS,
    ...timeouts(tuning),
    lazyConnect: true,
    retryStrategy,
    sentinelRetryStrategy: retryStrategy,
    reconnectOnError: ({ message }) => /^(READONLY|LOADING|MASTERDOWN)/.test(message),
    ...(typeof connection === 'object' && connection.sentinels && { failoverDetector: true }),
  };
  if (typeof connection !== 'string') return new Redis(options);
  try {
    return new Redis(connection, options);
  } catch {
    // The cause would contain the URL and its password.
    throw new MessagesConfigurationError([
      'redis is not a valid URL: write redis://[user:password@]host[:port][/database], or rediss:// for TLS.',
    ]);
  }
}

function makeCluster({ nodes, options = {} }: RedisClusterSetup, tuning: ResolvedTuning): Cluster {
  refuseKeyPrefix(options);
  refuseKeyPrefix(options.redisOptions ?? {});
  return new Cluster([...nodes], {
    ...options,
    ...SAFE_CLUSTER_OPTIONS,
    lazyConnect: true,
    slotsRefreshInterval: options.slotsRefreshInterval ?? 5_000,
    clusterRetryStrategy: (times) => reconnectDelay(times, tuning.maxReconnectDelayMs),
    clusterNodeRetryStrategy: (times) => reconnectDelay(times, tuning.maxReconnectDelayMs),
    redisOptions: {
      connectionName: 'nestwire',
      ...options.redisOptions,
      ...SAFE_CLUSTER_OPTIONS.redisOptions,
      ...timeouts(tuning),
    },
  });
}

function refuseKeyPrefix(options: string | { keyPrefix?: string }): void {
  if (typeof options !== 'string' && options.keyPrefix) throw new MessagesConfigurationError([KEY_PREFIX]);
}

const KEY_PREFIX =
  'redis has a keyPrefix, which ioredis does not apply to channels: use the option prefix of MessagesModule.';
const REMEDY = "or let nestwire create its own client from a URL or options: redis: 'redis://…'";

function clientProblems(options: RedisOptions): string[] {
  return [
    options.keyPrefix && KEY_PREFIX,
    options.autoResendUnfulfilledCommands !== false &&
      `The given ioredis client resends commands after a reconnect, so a post may be delivered twice: set autoResendUnfulfilledCommands: false (see SAFE_CLIENT_OPTIONS), ${REMEDY}.`,
    options.maxRetriesPerRequest !== 0 &&
      `The given ioredis client retries commands across reconnects, so a post may hang: set maxRetriesPerRequest: 0 (see SAFE_CLIENT_OPTIONS), ${REMEDY}.`,
    options.enableOfflineQueue !== false &&
      `The given ioredis client queues commands without a limit while offline: set enableOfflineQueue: false (see SAFE_CLIENT_OPTIONS), ${REMEDY}.`,
  ].filter((problem) => typeof problem === 'string' && problem !== '') as string[];
}

function clusterProblems({
  redisOptions = {},
  retryDelayOnFailover,
  enableOfflineQueue,
  keyPrefix,
}: ClusterOptions & { keyPrefix?: string }): string[] {
  return [
    ...(retryDelayOnFailover === 0
      ? []
      : [
          `The given ioredis Cluster resends commands after a node failure, so a post may be delivered twice: set retryDelayOnFailover: 0 (see SAFE_CLUSTER_OPTIONS), ${REMEDY}.`,
        ]),
    // Each node of a Cluster always has its own offline queue, which ends with its connection.
    ...clientProblems({ ...redisOptions, enableOfflineQueue, ...(keyPrefix && { keyPrefix }) }),
  ];
}

// Duck-typed, because the application may use its own copy of ioredis.
function isClient(connection: RedisConnection): connection is Redis | Cluster {
  return (
    typeof connection === 'object' && 'duplicate' in connection && typeof connection.duplicate === 'function'
  );
}
