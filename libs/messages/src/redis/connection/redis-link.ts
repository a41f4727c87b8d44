import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { MessagesConfigurationError } from '../../messages-configuration.error.js';
import {
  reconnectDelay,
  type RedisClusterSetup,
  type RedisConnection,
  type ResolvedTuning,
} from './redis.options.js';

/**
 * The options with which an ioredis client never posts twice and never hangs.
 *
 * Spread them into the options of a client of your own that you hand to `MessagesModule`; for a
 * Cluster see `SAFE_CLUSTER_OPTIONS`.
 */
export const SAFE_CLIENT_OPTIONS = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
} as const;

/** The options with which an ioredis Cluster never posts twice and never hangs. */
export const SAFE_CLUSTER_OPTIONS = {
  enableOfflineQueue: false,
  retryDelayOnFailover: 0,
  redisOptions: { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 },
} as const;

/** A client that publishes, and how its subscribers are made. */
export interface RedisLink {
  readonly client: Redis | Cluster;
  /** Whether the client is the application's own, to be left open. */
  readonly given: boolean;
}

/**
 * Makes or takes the client that publishes; ours has not connected yet.
 *
 * @throws {MessagesConfigurationError} when the connection cannot be understood or is not safe
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

/** Tells whether a client is that of a Cluster. */
export function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster;
}

/** Makes a client for subscriptions like another; it never reconnects itself. */
export function openSubscriber(client: Redis, tuning: ResolvedTuning): Redis {
  return openBeside(client, tuning, 'subscriber');
}

/** Makes a client for writes that wait, like another. */
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
    // The cause would carry the URL, and the password with it.
    throw new MessagesConfigurationError([
      'redis is not a URL that can be read: write redis://[user:password@]host[:port][/database], or rediss:// for TLS.',
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
  'redis has a keyPrefix, which ioredis does not put before channels: use the option prefix of MessagesModule.';
const REMEDY = "or let nestwire make its own client from a URL or options: redis: 'redis://…'";

function clientProblems(options: RedisOptions): string[] {
  return [
    options.keyPrefix && KEY_PREFIX,
    options.autoResendUnfulfilledCommands !== false &&
      `The given ioredis client resends commands after a reconnect, so a post may arrive twice: set autoResendUnfulfilledCommands: false (see SAFE_CLIENT_OPTIONS), ${REMEDY}.`,
    options.maxRetriesPerRequest !== 0 &&
      `The given ioredis client keeps commands over reconnects, so a post may hang: set maxRetriesPerRequest: 0 (see SAFE_CLIENT_OPTIONS), ${REMEDY}.`,
    options.enableOfflineQueue !== false &&
      `The given ioredis client queues commands without bound while offline: set enableOfflineQueue: false (see SAFE_CLIENT_OPTIONS), ${REMEDY}.`,
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
          `The given ioredis Cluster resends commands when a node is lost, so a post may arrive twice: set retryDelayOnFailover: 0 (see SAFE_CLUSTER_OPTIONS), ${REMEDY}.`,
        ]),
    // The nodes of a Cluster always have an offline queue of their own; it ends with their connection.
    ...clientProblems({ ...redisOptions, enableOfflineQueue, ...(keyPrefix && { keyPrefix }) }),
  ];
}

// By what it does: an application may have a copy of ioredis of its own.
function isClient(connection: RedisConnection): connection is Redis | Cluster {
  return (
    typeof connection === 'object' && 'duplicate' in connection && typeof connection.duplicate === 'function'
  );
}
