import { Logger } from '@nestjs/common';
import { RedisBroker } from '@nestwire/messages/redis';
import { describeClusterBackend } from '../../libs/testing/src/all-backend-contracts.js';
import { startSentinels, type SentinelGroup } from '../rig/redis-server.mjs';
import { describeIfRedis } from '../rig/redis.js';

beforeAll(() => Logger.overrideLogger(false));

describeIfRedis('Redis behind Sentinels', () => {
  let group: SentinelGroup;
  beforeAll(async () => {
    group = await startSentinels();
  }, 15_000);
  afterAll(() => group.stop());

  describeClusterBackend(
    'RedisBroker',
    () => new RedisBroker({ sentinels: [...group.sentinels], name: group.name }),
  );
});
