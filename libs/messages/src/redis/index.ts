export type { Clock } from '../delivery/clock.js';
export { RedisBackend } from './redis.backend.js';
export { SAFE_CLIENT_OPTIONS, SAFE_CLUSTER_OPTIONS } from './redis.link.js';
export {
  DEFAULT_TUNING,
  type RedisClusterSetup,
  type RedisConnection,
  type RedisTuning,
  type ResolvedTuning,
} from './redis.options.js';
