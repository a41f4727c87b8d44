import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { startCluster, type RedisClusterGroup } from '../../../../../test/rig/redis-server.mjs';
import { describeIfRedis, describeWithRedis } from '../../../../../test/rig/redis.js';
import type { CallStore } from '../../calls/call-store.js';
import { RedisBroker } from '../redis-broker.js';

const CALLS = 100;
const TTL_MS = 60_000;
/** The tests are about commands, and not about their time. */
const PATIENT = { commandTimeoutMs: 30_000 };

jest.setTimeout(60_000);

beforeAll(() => Logger.overrideLogger(false));

const brokers: RedisBroker[] = [];
afterEach(async () => {
  await Promise.all(brokers.splice(0).map((broker) => broker.close()));
});

async function start(broker: RedisBroker): Promise<CallStore> {
  brokers.push(broker);
  await broker.start({ receive: () => undefined, statusChanged: () => undefined });
  return broker.calls;
}

/** Creates calls; one append before the test teaches the script to each server. */
async function calls(store: CallStore, prefix: string): Promise<string[]> {
  const keys = Array.from({ length: CALLS }, (_, at) => `${prefix}-${at}`);
  await Promise.all(keys.map((key) => store.create({ key, owner: 'one', request: '', ttlMs: TTL_MS })));
  for (const key of keys) await store.append(key, ['first']);
  return keys;
}

async function itemsOf(store: CallStore, keys: readonly string[]): Promise<unknown[]> {
  return Promise.all(keys.map(async (key) => (await store.read(key, 1, 1_000))?.items));
}

describeWithRedis('RedisCallStore', (redis) => {
  /** Returns the number of scripts that the work takes. */
  async function scriptsOf(work: () => Promise<unknown>): Promise<number> {
    await redis().call('CONFIG', 'RESETSTAT');
    await work();
    const stats = await redis().call('INFO', 'commandstats');
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  it('stores what many calls append in one turn with one command', async () => {
    const store = await start(new RedisBroker(redis().url, PATIENT));
    const keys = await calls(store, 'turn');

    const together = await scriptsOf(() =>
      Promise.all(keys.map((key) => store.append(key, [key, `${key}!`]))),
    );
    const apart = await scriptsOf(async () => {
      for (const key of keys) await store.append(key, ['last']);
    });

    expect([together, apart]).toEqual([1, CALLS]);
    expect(await itemsOf(store, keys)).toEqual(keys.map((key) => [key, `${key}!`, 'last']));
  });

  it('bounds the items and the characters of a command', async () => {
    const store = await start(new RedisBroker(redis().url, PATIENT));
    const keys = await calls(store, 'bounds');
    const many = Array.from({ length: 64 }, (_, at) => `${at}`);
    const long = ['x'.repeat(100_000)];

    const ofMany = await scriptsOf(() => Promise.all(keys.map((key) => store.append(key, many))));
    const ofLong = await scriptsOf(() => Promise.all(keys.map((key) => store.append(key, long))));
    const ofOne = await scriptsOf(() => store.append(keys[0]!, [...many, 'x'.repeat(1_000_000)]));

    expect([ofMany, ofLong, ofOne]).toEqual([Math.ceil(CALLS / 8), CALLS / 2, 1]);
    expect(await itemsOf(store, keys.slice(1))).toEqual(keys.slice(1).map(() => [...many, ...long]));
  });

  it.each([
    ['list', 'items'],
    ['hash', 'call'],
  ])(
    'refuses the append to a call whose %s has another type, and no other of the command',
    async (type, part) => {
      const store = await start(new RedisBroker(redis().url, PATIENT));
      const keys = await calls(store, `corrupt-${type}`);
      const others = keys.toSpliced(7, 1);
      await redis().call('SET', `nestwire:${part}:{${keys[7]}}`, 'another type');

      const used = await scriptsOf(async () => {
        const outcomes = await Promise.allSettled(keys.map((key) => store.append(key, ['a', 'b'])));
        expect(outcomes.toSpliced(7, 1)).toEqual(others.map(() => ({ status: 'fulfilled', value: true })));
        expect(outcomes[7]).toMatchObject({
          reason: { code: 'UNAVAILABLE', cause: { message: expect.stringMatching(/^WRONGTYPE/) } },
        });
      });

      expect(used).toBe(1);
      expect(await itemsOf(store, others)).toEqual(others.map(() => ['a', 'b']));
    },
  );

  it('refuses all appends of a command that Redis cannot run, and none of a later one', async () => {
    const store = await start(new RedisBroker(redis().url, PATIENT));
    const keys = await calls(store, 'failing');
    await redis().call('CONFIG', 'SET', 'maxmemory', '1');

    const outcomes = await Promise.allSettled(keys.map((key) => store.append(key, ['a'])));
    await redis().call('CONFIG', 'SET', 'maxmemory', '0');
    const later = await store.append(keys[8]!, ['b']);

    expect(outcomes.map(({ status }) => status)).toEqual(keys.map(() => 'rejected'));
    expect((outcomes[0] as PromiseRejectedResult).reason).toMatchObject({
      ...{ code: 'UNAVAILABLE', cause: { message: expect.stringMatching(/^OOM/) } },
    });
    expect(later).toBe(true);
    expect(await itemsOf(store, [keys[8]!])).toEqual([['b']]);
  });
});

describeIfRedis('RedisCallStore with a Redis that refuses commands on several slots', () => {
  let group: RedisClusterGroup;
  beforeAll(async () => {
    group = await startCluster({ masters: 1 });
  }, 15_000);
  afterAll(() => group.stop());

  it('stores what many calls append in one turn with a command for each, and logs it once', async () => {
    const [node] = group.masters;
    const warn = jest.spyOn(Logger.prototype, 'warn');
    // Without "nodes" the broker does not know that the server is a Cluster.
    const store = await start(new RedisBroker(node!.url, PATIENT));
    const keys = await calls(store, 'slots');
    const append = (text: string) =>
      Promise.all([
        ...keys.map((key) => store.append(key, [key, text])),
        ...keys.map((key) => store.append(key, [`${text}!`])),
      ]);

    const answers = [...(await append('one')), ...(await append('two'))];
    const logged = warn.mock.calls.filter(([line]) => String(line).includes('CROSSSLOT'));
    warn.mockRestore();

    expect(answers).toEqual(Array.from({ length: 4 * CALLS }, () => true));
    expect(await itemsOf(store, keys)).toEqual(keys.map((key) => [key, 'one', 'one!', key, 'two', 'two!']));
    expect(logged).toHaveLength(1);
    expect(await node!.call('INFO', 'errorstats')).toContain('errorstat_CROSSSLOT:count=1\r');
  });
});

describeIfRedis('RedisCallStore in a Redis Cluster', () => {
  let group: RedisClusterGroup;
  beforeAll(async () => {
    group = await startCluster();
  }, 15_000);
  afterAll(() => group.stop());

  it('stores what calls of all servers append in one turn', async () => {
    const store = await start(new RedisBroker({ nodes: group.nodes }, PATIENT));
    const keys = await calls(store, 'cluster');

    const answers = await Promise.all(keys.map((key) => store.append(key, [key, `${key}!`])));

    expect(answers).toEqual(keys.map(() => true));
    expect(await itemsOf(store, keys)).toEqual(keys.map((key) => [key, `${key}!`]));
  });
});
