import { Redis } from 'ioredis';
import { describeWithRedis } from '../../../../test/rig/redis.js';
import { requiredGeneration } from '../backend/revoked-token-store.js';
import { resolveTuning } from './redis.options.js';
import { RedisRevokedTokens } from './redis-revoked-tokens.js';

const TTL_MS = 60_000;

describeWithRedis('The list of revoked tokens in Redis', (redis) => {
  let client: Redis;
  const open = (maxHoldersOfShard?: number) =>
    new RedisRevokedTokens(client, resolveTuning({}).tuning, { maxHoldersOfShard });

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
    for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0);
    expect(await client.hlen('nestwire:v:{ua}')).toBe(4);
  });

  it('raises the floor of a shard that is full, and of no other', async () => {
    const store = open(2);
    const first = await store.revoke({ holder: 'ua1', subjects: ['s'], ttlMs: TTL_MS });
    await store.revoke({ holder: 'ua2', subjects: ['s'], ttlMs: TTL_MS });
    await store.revoke({ holder: 'ua3', subjects: ['s'], ttlMs: TTL_MS });

    expect((await store.read('ua1')).floor).toBe(requiredGeneration(first, 's'));
    expect((await store.read('ua9')).floor).toBe(requiredGeneration(first, 's'));
    expect((await store.read('ub1')).floor).toBe(0);
  });

  it.each(['', 'x', '1', '1;a', '1;a=b;', '99999999999999999;', '1;a=1'])(
    'refuses to read a record that it has not written, and voids all at the next revocation: %p',
    async (record) => {
      const store = open();
      await client.hset('nestwire:v:{ua}', 'ua1', record);

      await expect(store.read('ua1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      const revoked = await store.revoke({ holder: 'ua1', subjects: ['s'], ttlMs: TTL_MS });
      expect(requiredGeneration(revoked, 's')).toBeGreaterThan(0);
    },
  );
});
