export { RedisBackend } from './redis.backend.js';
export type { RedisClusterSetup, RedisConnection, RedisTuning } from './redis.options.js';
