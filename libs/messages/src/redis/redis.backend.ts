import { LocalBackend } from '../backend/local.backend.js';
import type { RedisConnection, RedisTuning } from './redis.options.js';
/** placeholder */
export class RedisBackend extends LocalBackend {
  constructor(
    readonly connection: RedisConnection,
    readonly tuning: RedisTuning,
  ) {
    super();
  }
}
