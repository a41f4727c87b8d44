import { Logger } from '@nestjs/common';
import { LocalBroker } from '@nestwire/messages/backend';
import { RedisBroker } from '@nestwire/messages/redis';
import { describeWithRedis } from '../../../test/rig/redis.js';
import { describeClusterBackend, describeLocalBackend } from './all-backend-contracts.js';

beforeAll(() => Logger.overrideLogger(false));

describeLocalBackend('LocalBroker', () => new LocalBroker());

describeWithRedis('A single Redis', (redis) => {
  describeClusterBackend(
    'RedisBroker',
    () => new RedisBroker(redis().url),
    () => redis().call('FLUSHALL'),
  );
});
