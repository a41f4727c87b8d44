import { Logger } from '@nestjs/common';
import { RedisBroker } from '@nestwire/messages/redis';
import { describeClusterBackend } from '../../libs/testing/src/all-backend-contracts.js';
import { startCluster, type RedisClusterGroup } from '../rig/redis-server.mjs';
import { describeIfRedis } from '../rig/redis.js';

beforeAll(() => Logger.overrideLogger(false));

describeIfRedis('A Redis Cluster', () => {
  let group: RedisClusterGroup;
  beforeAll(async () => {
    group = await startCluster();
  }, 15_000);
  afterAll(() => group.stop());

  describeClusterBackend('RedisBroker, sharded', () => new RedisBroker({ nodes: group.nodes }));
  describeClusterBackend(
    'RedisBroker, not sharded',
    () => new RedisBroker({ nodes: group.nodes }, { sharded: 'never' }),
  );
});
