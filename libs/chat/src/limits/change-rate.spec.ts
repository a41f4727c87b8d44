import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { describeWithRedis } from '../../../../test/rig/redis.js';
import { chatServer, chatUser } from '../policy/chat-actor.js';
import { ChangeRate } from './change-rate.js';

describeWithRedis('The rate of changes with a limiter on Redis', (redis) => {
  const clients: Redis[] = [];
  /** One server of the cluster, with a connection of its own. */
  const rateOf = (points: number, keyPrefix: string) => {
    const client = new Redis(redis().url, { maxRetriesPerRequest: 0, enableOfflineQueue: true });
    client.on('error', () => undefined);
    clients.push(client);
    return {
      client,
      rate: new ChangeRate(
        new RateLimiterRedis({ storeClient: client, keyPrefix, points, duration: 60 }),
        60_000,
      ),
    };
  };
  afterAll(() => clients.forEach((client) => client.disconnect()));

  it('counts the changes of a user on all servers, and those of others and other tenants apart', async () => {
    const servers = [rateOf(4, 'shared').rate, rateOf(4, 'shared').rate];
    for (const at of [0, 1, 0, 1]) await servers[at]!.spend(chatUser('ann'));

    for (const rate of servers)
      await expect(rate.spend(chatUser('ann'))).rejects.toMatchObject({
        code: 'CHAT_RATE_LIMITED',
        retryAfterMs: expect.any(Number) as number,
      });
    await servers[0]!.spend(chatUser('bob'));
    await servers[0]!.spend(chatUser('ann', 'other'));
    for (let at = 0; at < 10; at++) await servers[0]!.spend(chatServer({ userId: 'ann' }));
  });

  it('refuses changes while Redis is away, because it cannot count them', async () => {
    const { client, rate } = rateOf(4, 'away');
    await rate.spend(chatUser('ann'));
    client.disconnect();

    await expect(rate.spend(chatUser('ann'))).rejects.toMatchObject({
      code: 'CHAT_UNAVAILABLE',
      retryAfterMs: expect.any(Number) as number,
    });
  });
});
