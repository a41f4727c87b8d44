import { Logger } from '@nestjs/common';
import { LocalBackend } from '@nestwire/messages';
import { RedisBackend } from '@nestwire/messages/redis';
import { describeWithRedis } from '../../../test/rig/redis.js';
import { describeClusterBackend, describeLocalBackend } from './all-backend.contracts.js';

beforeAll(() => Logger.overrideLogger(false));

describeLocalBackend('LocalBackend', () => new LocalBackend());

describeWithRedis('A single Redis', (redis) => {
  describeClusterBackend(
    'RedisBackend',
    () => new RedisBackend(redis().url),
    () => redis().call('FLUSHALL'),
  );
});
