import { Logger } from '@nestjs/common';
import { LocalBackend, type MessagesBackend } from '@nestwire/messages';
import { RedisBackend } from '@nestwire/messages/redis';
import {
  startCluster,
  startSentinels,
  type RedisClusterGroup,
  type SentinelGroup,
} from '../../../test/rig/redis-server.mjs';
import { describeIfRedis, describeWithRedis } from '../../../test/rig/redis.js';
import { describeHistoryBackend } from './history-backend.contract.js';
import { describeMessagesBackend } from './messages-backend.contract.js';
import { describeNamedReadersBackend } from './named-readers-backend.contract.js';
import { describePresenceBackend } from './presence-backend.contract.js';
import { describeRevokedTokenStore } from './revoked-token-store.contract.js';

const CONTRACTS = [
  describeMessagesBackend,
  describeHistoryBackend,
  describePresenceBackend,
  describeNamedReadersBackend,
  describeRevokedTokenStore,
];

/** Holds a backend of a cluster to all contracts. */
function describeBackend(name: string, open: () => MessagesBackend, lose?: () => Promise<unknown>): void {
  for (const describeContract of CONTRACTS) describeContract(name, open, { cluster: true, lose });
}

beforeAll(() => Logger.overrideLogger(false));

for (const describeContract of CONTRACTS)
  describeContract('LocalBackend', () => new LocalBackend(), { cluster: false });

describeWithRedis('A single Redis', (redis) => {
  describeBackend(
    'RedisBackend',
    () => new RedisBackend(redis().url),
    () => redis().call('FLUSHALL'),
  );
});

describeIfRedis('Redis behind Sentinels', () => {
  let group: SentinelGroup;
  beforeAll(async () => {
    group = await startSentinels();
  }, 15_000);
  afterAll(() => group.stop());

  describeBackend(
    'RedisBackend',
    () => new RedisBackend({ sentinels: [...group.sentinels], name: group.name }),
  );
});

describeIfRedis('A Redis Cluster', () => {
  let group: RedisClusterGroup;
  beforeAll(async () => {
    group = await startCluster();
  }, 15_000);
  afterAll(() => group.stop());

  describeBackend('RedisBackend, sharded', () => new RedisBackend({ nodes: group.nodes }));
  describeBackend(
    'RedisBackend, not sharded',
    () => new RedisBackend({ nodes: group.nodes }, { sharded: 'never' }),
  );
});
