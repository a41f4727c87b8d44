import { Redis } from 'ioredis';
import { describeWithRedis } from '../../../../../test/rig/redis.js';
import { until } from '../../../../../test/rig/until.js';
import { requiredGeneration } from '../../revocations/revoked-token-store.js';
import { resolveTuning } from '../connection/redis.options.js';
import { RedisRevokedTokenStore } from './redis-revoked-token-store.js';

const TTL_MS = 60_000;

describeWithRedis('The list of revoked tokens in Redis', (redis) => {
  let client: Redis;
  const open = (maxHoldersOfShard?: number) =>
    new RedisRevokedTokenStore(client, resolveTuning({}).tuning, { maxHoldersOfShard });

  beforeEach(async () => {
    client = new Redis(redis().url);
    await client.flushall();
  });
  afterEach(() => client.disconnect());

  it('has keys that expire with the tokens, of bounded size, and without the names of users', async () => {
    const store = open(3);
    for (let number = 0; number < 10; number++)
      await store.revoke({ holder: `ua${number}`, subjects: ['s'], ttlMs: TTL_MS });
    const keys = (await client.keys('*')).toSorted();

    expect(keys).toEqual(['nestwire:v:{ua}', 'nestwire:vi:{ua}']);
    for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(TTL_MS);
    expect(await client.hlen('nestwire:v:{ua}')).toBe(4);
  });

  it('raises the floor of a shard that is full, and of no other', async () => {
    const store = open(2);
    const first = await store.revoke({ holder: 'ua1', subjects: ['s'], ttlMs: TTL_MS });
    await store.revoke({ holder: 'ua2', subjects: ['s'], ttlMs: TTL_MS });
    await store.revoke({ holder: 'ua3', subjects: ['s'], ttlMs: TTL_MS });

    expect((await store.read('ua1', TTL_MS)).floor).toBe(requiredGeneration(first, 's'));
    expect((await store.read('ua9', TTL_MS)).floor).toBe(requiredGeneration(first, 's'));
    expect((await store.read('ub1', TTL_MS)).floor).toBe((await store.read('ub', TTL_MS)).floor);
  });

  it('begins again after a loss of its data: all earlier tokens of the shard are void', async () => {
    const store = open();
    const other = open();
    const before = await store.read('ua1', TTL_MS);
    const revoked = await store.revoke({ holder: 'ua1', subjects: ['s'], ttlMs: TTL_MS });
    expect(requiredGeneration(revoked, 's')).toBeGreaterThan(before.floor);

    await client.flushall();
    // The new floor is the time of Redis, in milliseconds.
    await until(async () => {
      const [seconds, microseconds] = await client.time();
      return seconds * 1_000 + Math.floor(microseconds / 1_000) > before.floor;
    });
    const after = await other.read('ua1', TTL_MS);
    expect(after.floor).toBeGreaterThan(before.floor);
    expect(await store.read('ua2', TTL_MS)).toEqual({ floor: after.floor, subjects: new Map() });
  });

  it('begins above all that the process has seen, where the clock of Redis has gone back', async () => {
    const store = open();
    const ahead = String(Date.now() + 3_600_000);
    await client.hset('nestwire:v:{ua}', '*', ahead);
    const revoked = await store.revoke({ holder: 'ua1', subjects: ['s'], ttlMs: TTL_MS });
    expect(requiredGeneration(revoked, 's')).toBe(Number(ahead) + 1);

    await client.flushall();
    expect((await store.read('ua1', TTL_MS)).floor).toBe(Number(ahead) + 2);
  });

  it.each([
    ['no hash', (key: string) => client.set(key, 'x')],
    ['a floor that is no number', (key: string) => client.hset(key, '*', 'x')],
    ['a floor that is too large', (key: string) => client.hset(key, '*', '9'.repeat(15))],
  ])('begins again where its key has %s', async (_what, spoil) => {
    const { floor } = await open().read('ua1', TTL_MS);
    await spoil('nestwire:v:{ua}');

    expect((await open().read('ua1', TTL_MS)).floor).toBeGreaterThanOrEqual(floor);
    const revoked = await open().revoke({ holder: 'ua1', subjects: ['s'], ttlMs: TTL_MS });
    expect(requiredGeneration(revoked, 's')).toBeGreaterThan(floor);
  });

  it('lives on while it is read, and then for as long as tokens may', async () => {
    const store = open();
    const { floor } = await store.read('ua1', TTL_MS);
    expect(await client.pttl('nestwire:v:{ua}')).toBeGreaterThan(1.9 * TTL_MS);

    await client.pexpire('nestwire:v:{ua}', TTL_MS);
    expect((await store.read('ua1', TTL_MS)).floor).toBe(floor);
    expect(await client.pttl('nestwire:v:{ua}')).toBeGreaterThan(1.9 * TTL_MS);
  });

  it('forgets records that are older than tokens live when it is read', async () => {
    const store = open();
    await store.revoke({ holder: 'ua1', subjects: ['s'], ttlMs: TTL_MS });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await store.read('ua2', 1);

    expect(await client.hkeys('nestwire:v:{ua}')).toEqual(['*']);
    expect(await client.exists('nestwire:vi:{ua}')).toBe(0);
  });

  it.each(['', 'x', '1', '1;a', '1;a=b;', '99999999999999999;', '1;a=1'])(
    'refuses to read a record that it has not written, and voids all at the next revocation: %p',
    async (record) => {
      const store = open();
      await client.hset('nestwire:v:{ua}', 'ua1', record);

      await expect(store.read('ua1', TTL_MS)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      const revoked = await store.revoke({ holder: 'ua1', subjects: ['s'], ttlMs: TTL_MS });
      expect(requiredGeneration(revoked, 's')).toBeGreaterThan(0);
    },
  );
});
