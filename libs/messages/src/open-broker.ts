import { loadClassTransformer } from '@nestwire/protocol/compiled';
import { LocalBroker } from './local-broker.js';
import type { Broker } from './pubsub/broker.js';
import { MessagesConfigurationError } from './messages-configuration.error.js';
import type { MessagesModuleOptions } from './messages.options.js';
import type { RedisConnection, RedisSettings, RedisTuning } from './redis/connection/redis.options.js';

/** The options that belong below `redis`, and that older versions took beside it. */
const REDIS_TUNING = [
  'prefix',
  'commandTimeoutMs',
  'connectTimeoutMs',
  'maxReconnectDelayMs',
  'probeIntervalMs',
  'probeTimeoutMs',
  'sharded',
] as const satisfies ReadonlyArray<keyof RedisTuning>;

/**
 * Makes the broker that the options describe; it connects when it is started.
 *
 * @throws {MessagesConfigurationError} when options contradict each other, or ioredis is missing
 */
export async function openBroker(options: MessagesModuleOptions = {}): Promise<Broker> {
  const problems = problemsOf(options);
  if (problems.length > 0) throw new MessagesConfigurationError(problems);
  // Before any message of a channel is encoded or decoded.
  await loadClassTransformer();
  if (options.broker) return options.broker;
  const { connection, ...tuning } = settingsOf(options);
  if (!connection) return new LocalBroker(options.clock);
  const { RedisBroker } = await loadRedis();
  return new RedisBroker(connection, { ...options, ...tuning });
}

function settingsOf({ redis }: MessagesModuleOptions): RedisSettings {
  const isLongForm = typeof redis === 'object' && Object.hasOwn(redis, 'connection');
  return isLongForm ? (redis as RedisSettings) : { connection: redis as RedisConnection | undefined };
}

function problemsOf(options: MessagesModuleOptions): string[] {
  const problems = REDIS_TUNING.filter((key) => Object.hasOwn(options, key)).map(
    (key) => `${key} is an option of Redis: write redis: { connection, ${key} }.`,
  );
  if (options.broker && settingsOf(options).connection)
    problems.push('Both broker and redis are set: leave one out.');
  return problems;
}

async function loadRedis(): Promise<typeof import('./redis/index.js')> {
  try {
    return await import('./redis/index.js');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new MessagesConfigurationError(
      ['redis is set and the package ioredis cannot be loaded: npm install ioredis@6'],
      { cause },
    );
  }
}
