import { Logger } from '@nestjs/common';
import { LocalBackend } from '@nestwire/messages';
import { RedisBackend } from '@nestwire/messages/redis';
import { startCluster, type RedisClusterGroup } from '../../../test/rig/redis-server.mjs';
import { describeIfRedis, describeWithRedis } from '../../../test/rig/redis.js';
import { describeNamedReadersBackend } from './named-readers-backend.contract.js';

beforeAll(() => Logger.overrideLogger(false));

describeNamedReadersBackend('LocalBackend', () => new LocalBackend(), { cluster: false });

describeWithRedis('A single Redis', (redis) => {
  describeNamedReadersBackend('RedisBackend', () => new RedisBackend(redis().url), { cluster: true });
});

describeIfRedis('A Redis Cluster', () => {
  let group: RedisClusterGroup;
  beforeAll(async () => {
    group = await startCluster();
  }, 15_000);
  afterAll(() => group.stop());

  describeNamedReadersBackend('RedisBackend', () => new RedisBackend({ nodes: group.nodes }), {
    cluster: true,
  });
});
