import { Logger } from '@nestjs/common';
import { Cluster } from 'ioredis';
import { startCluster, type RedisClusterGroup } from '../../../../../test/rig/redis-server.mjs';
import { describeIfRedis } from '../../../../../test/rig/redis.js';
import { until } from '../../../../../test/rig/until.js';
import type { PresenceDelta } from '../../presence/presence-store.js';
import { RedisBroker } from '../redis-broker.js';
import { SAFE_CLUSTER_OPTIONS } from '../connection/redis-link.js';

const LEASE_MS = 900;

describeIfRedis('Presence in a Redis Cluster', () => {
  let group: RedisClusterGroup;
  const backends: RedisBroker[] = [];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    group = await startCluster();
  }, 15_000);
  afterAll(() => group.stop());
  afterEach(async () => {
    await Promise.all(backends.map(({ presence }) => presence.close()));
    await Promise.all(backends.splice(0).map((backend) => backend.close()));
  });

  const start = async (client: Cluster | { nodes: RedisClusterGroup['nodes'] }) => {
    const backend = new RedisBroker(client, { commandTimeoutMs: 500 });
    const deltas: PresenceDelta[] = [];
    backends.push(backend);
    await backend.start({ receive: () => undefined, statusChanged: () => undefined });
    const changed = (delta: PresenceDelta) => deltas.push(delta);
    backend.presence.start({ leaseMs: LEASE_MS, maxConnections: 100, changed });
    return { presence: backend.presence, deltas };
  };

  it('is cleaned of a server that died in all channels, by one of the others', async () => {
    const client = new Cluster([...group.nodes], {
      ...SAFE_CLUSTER_OPTIONS,
      clusterRetryStrategy: () => null,
    });
    client.on('error', () => undefined);
    const mortal = await start(client);
    const others = [await start({ nodes: group.nodes }), await start({ nodes: group.nodes })];
    const rooms = Array.from({ length: 10 }, (_, at) => `room:${at}`);
    for (const room of rooms) await mortal.presence.join(room, { id: '1', userId: 'ada', data: '' });
    for (const { presence } of others) await presence.join('room:0', { id: '2', userId: 'bob', data: '' });
    expect(mortal.deltas).toHaveLength(10);
    client.disconnect();
    const removals = () => others.flatMap(({ deltas }) => deltas.filter(({ removed }) => removed.length > 0));
    await until(() => removals().length === 10);

    expect(new Set(removals().map(({ channel }) => channel))).toEqual(new Set(rooms));
    const { entries } = await others[0]!.presence.read('room:0');
    expect(entries.map(({ id }) => id)).toEqual(['2', '2']);
    for (const room of rooms.slice(1))
      expect(await others[1]!.presence.version(room)).toEqual({ epoch: '', number: 0 });
  });
});
