export type { Clock } from '../scheduling/clock.js';
export { RedisBroker } from './redis-broker.js';
export { SAFE_CLIENT_OPTIONS, SAFE_CLUSTER_OPTIONS } from './connection/redis-link.js';
export {
  DEFAULT_TUNING,
  type RedisBrokerOptions,
  type RedisClusterSetup,
  type RedisConnection,
  type RedisSettings,
  type RedisTuning,
  type ResolvedTuning,
} from './connection/redis.options.js';
