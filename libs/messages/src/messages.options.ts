import type { RedisConnection, RedisSettings } from './redis/connection/redis.options.js';
import type { PostsOptions } from './posts.options.js';
import type { PresenceOptions } from './presence/presence.options.js';
import type { Broker } from './pubsub/broker.js';
import type { Clock } from './scheduling/clock.js';

/** The options of `MessagesModule`. */
export interface MessagesModuleOptions extends PostsOptions {
  /**
   * The location of Redis, or the location with its tuning: `{ connection, prefix }`.
   *
   * A location is a URL, ioredis options (Sentinel included), `{ nodes, options }` of a Cluster, or an
   * ioredis client. Without one, channels stay in this process.
   */
  readonly redis?: RedisConnection | RedisSettings;
  /** A custom broker, instead of Redis. */
  readonly broker?: Broker;
  /**
   * Largest encoded message that can be posted or received, in bytes of UTF-8.
   *
   * @default 1_048_576
   */
  readonly maxMessageBytes?: number;
  /** The options of presence. */
  readonly presence?: PresenceOptions;
  /** The source of time and timers; for tests. */
  readonly clock?: Clock;
}

/** The default of `maxMessageBytes`, in bytes of UTF-8. */
export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_576;
