export { RedisBackend } from './redis.backend.js';
export { SAFE_CLIENT_OPTIONS, SAFE_CLUSTER_OPTIONS } from './redis.link.js';
export {
  DEFAULT_TUNING,
  type Clock,
  type RedisClusterSetup,
  type RedisConnection,
  type RedisTuning,
  type ResolvedTuning,
} from './redis.options.js';
