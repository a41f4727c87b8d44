import { Logger } from '@nestjs/common';
import { LocalBackend } from '@nestwire/messages';
import { RedisBackend } from '@nestwire/messages/redis';
import {
  startCluster,
  startSentinels,
  type RedisClusterGroup,
  type SentinelGroup,
} from '../../../test/rig/redis-server.mjs';
import { describeIfRedis, describeWithRedis } from '../../../test/rig/redis.js';
import { describeHistoryBackend } from './history-backend.contract.js';

beforeAll(() => Logger.overrideLogger(false));

describeHistoryBackend('LocalBackend', () => new LocalBackend(), { cluster: false });

describeWithRedis('A single Redis', (redis) => {
  describeHistoryBackend('RedisBackend', () => new RedisBackend(redis().url), { cluster: true });
});

describeIfRedis('Redis behind Sentinels', () => {
  let group: SentinelGroup;
  beforeAll(async () => {
    group = await startSentinels();
  }, 15_000);
  afterAll(() => group.stop());

  describeHistoryBackend(
    'RedisBackend',
    () => new RedisBackend({ sentinels: [...group.sentinels], name: group.name }),
    { cluster: true },
  );
});

describeIfRedis('A Redis Cluster', () => {
  let group: RedisClusterGroup;
  beforeAll(async () => {
    group = await startCluster();
  }, 15_000);
  afterAll(() => group.stop());

  describeHistoryBackend('RedisBackend, sharded', () => new RedisBackend({ nodes: group.nodes }), {
    cluster: true,
  });
  describeHistoryBackend(
    'RedisBackend, not sharded',
    () => new RedisBackend({ nodes: group.nodes }, { sharded: 'never' }),
    { cluster: true },
  );
});
