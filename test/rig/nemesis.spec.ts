import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import {
  ask,
  configure,
  failOver,
  flush,
  killClients,
  masterOf,
  moveSlot,
  ownerOf,
  signal,
  sleepServer,
  slotOf,
} from './nemesis.mjs';
import { startCluster, startSentinels } from './redis-server.mjs';
import { describeIfRedis, describeWithRedis } from './redis.js';
import { until } from './until.js';

describeWithRedis(
  'The nemesis of a Redis',
  (redis) => {
    it('ends the connections of a kind', async () => {
      const subscriber = new Redis(redis().port, { retryStrategy: () => null });
      subscriber.on('error', () => undefined);
      await subscriber.subscribe('c');
      const ended = once(subscriber, 'end');

      expect(await killClients(redis(), 'pubsub')).toBe(1);
      await ended;
    });

    it('changes settings, and takes everything', async () => {
      await configure(redis(), 'maxmemory', '3mb');
      await ask(redis(), 'SET', 'key', 'value');
      await flush(redis());

      expect(await ask(redis(), 'CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', '3145728']);
      expect(await ask(redis(), 'GET', 'key')).toBeNull();
    });

    it('makes it do nothing for a while', async () => {
      const startedAt = performance.now();
      const asleep = sleepServer(redis(), 300);
      await until(async () => performance.now() - startedAt > 50);
      await ask(redis(), 'PING');
      await asleep;

      expect(performance.now() - startedAt).toBeGreaterThan(250);
    });
  },
  ['--enable-debug-command', 'local'],
);

describeIfRedis('The nemesis of a group', () => {
  it('lets a replica take over while the master is there', async () => {
    const group = await startSentinels();
    try {
      expect(await masterOf(group)).toMatchObject({ port: group.master.port });
      await failOver(group);
      await until(async () => (await masterOf(group)).port === group.replicas[0]!.port, 15_000);
      await ask(group.master, 'PING');
    } finally {
      await group.stop();
    }
  }, 40_000);

  it('moves a slot with its keys', async () => {
    const cluster = await startCluster();
    try {
      const slot = await slotOf(cluster, '{hot}');
      const from = await ownerOf(cluster, slot);
      const to = cluster.servers.find((server) => server !== from)!;
      for (let number = 0; number < 250; number++) await ask(from, 'SET', `{hot}${number}`, 'value');
      await moveSlot(cluster, slot, to);

      expect(await ask(to, 'GET', '{hot}249')).toBe('value');
      await expect(ask(from, 'GET', '{hot}249')).rejects.toThrow(`MOVED ${slot} 127.0.0.1:${to.port}`);
      expect(await ownerOf(cluster, slot)).toBe(to);
    } finally {
      await cluster.stop();
    }
  }, 40_000);
});

it('A process is stopped, let go and ended by signals; one that is gone is no error', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1_000)'], { stdio: 'ignore' });
  const ended = once(child, 'exit');

  expect(signal(child.pid!, 'SIGSTOP')).toBe(true);
  expect(signal(child.pid!, 'SIGCONT')).toBe(true);
  expect(signal(child.pid!, 'SIGTERM')).toBe(true);
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(signal(child.pid!, 'SIGKILL')).toBe(false);
});
