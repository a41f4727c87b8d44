import type { RedisConnection, RedisTuning } from './redis/connection/redis.options.js';
import type { PresenceOptions } from './presence/presence.options.js';
import type { Broker } from './pubsub/broker.js';

/** The options of `MessagesModule`. */
export interface MessagesModuleOptions extends RedisTuning {
  /**
   * Where Redis is: a URL, ioredis options (Sentinel included), `{ nodes, options }` of a Cluster,
   * or an ioredis client. Without it channels stay in this process.
   */
  readonly redis?: RedisConnection;
  /** A broker of your own, in place of Redis. */
  readonly broker?: Broker;
  /**
   * Largest encoded message that may be posted or received, in bytes of UTF-8.
   *
   * @default 1_048_576
   */
  readonly maxMessageBytes?: number;
  /** How presence behaves. */
  readonly presence?: PresenceOptions;
}

/** Largest encoded message unless the options say otherwise, in bytes of UTF-8. */
export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_576;
