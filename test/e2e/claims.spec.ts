import { RedisBroker } from '@nestwire/messages/redis';
import { describeWithRedis } from '../rig/redis.js';
import { LocalClaimStore } from '../../libs/messages/src/once/local-claim-store.js';
import { FakeClock } from '@nestwire/testing';

describe('The claims of one process', () => {
  it('are released', async () => {
    const clock = new FakeClock();
    const claims = new LocalClaimStore(clock);
    for (let n = 0; n < 1_000; n++) await claims.claim({ id: `${n}`, ttlMs: 1_000 });
    expect(claims.size).toBe(1_000);

    clock.advance(1_001);
    await claims.claim({ id: 'last', ttlMs: 1_000 });

    expect(claims.size).toBe(1);
  });
});

describeWithRedis('The claims of a cluster', (redis) => {
  const backends: RedisBroker[] = [];
  const open = async (): Promise<RedisBroker> => {
    const backend = new RedisBroker(redis().url, { commandTimeoutMs: 500 });
    backends.push(backend);
    await backend.start({ receive: () => undefined, statusChanged: () => undefined });
    return backend;
  };

  afterEach(() => Promise.all(backends.splice(0).map((backend) => backend.close())));

  it('are UNAVAILABLE without Redis', async () => {
    const { claims } = await open();
    await redis().stop();

    await expect(claims.claim({ id: 'a', ttlMs: 1_000 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await claims.settle({ id: 'a', ttlMs: 1_000 }, '');
  });
});
