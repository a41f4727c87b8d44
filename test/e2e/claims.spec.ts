import { type ClaimStore, LocalBroker } from '@nestwire/messages/backend';
import { RedisBroker } from '@nestwire/messages/redis';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { LocalClaimStore } from '../../libs/messages/src/once/local-claim-store.js';
import { FakeClock } from '@nestwire/testing';

/** What every backend does with claims; `pair` gives those of two processes, or twice those of one. */
function describeClaims(pair: () => Promise<readonly [ClaimStore, ClaimStore]>): void {
  const work = (id: string, ttlMs = 60_000) => ({ id, ttlMs });

  it('gives work to one of all that claim it at once', async () => {
    const [one, two] = await pair();
    const all = await Promise.all([one, two, one, two].map((claims) => claims.claim(work('at-once'))));

    expect(all.toSorted()).toEqual(['claimed', 'running', 'running', 'running']);
  });

  it('gives the result to all that claim it later, be it empty', async () => {
    const [one, two] = await pair();
    for (const result of ['', 'r', '{"code":"é"}']) {
      await one.claim(work(`later-${result.length}`));
      await one.settle(work(`later-${result.length}`), result);

      expect(await two.claim(work(`later-${result.length}`))).toEqual({ result });
    }
  });

  it('forgets work after its time', async () => {
    const [one, two] = await pair();
    await one.claim(work('short', 50));
    let claim = await two.claim(work('short', 50));
    expect(claim).toBe('running');

    await until(async () => (claim = await two.claim(work('short', 50))) === 'claimed');
  });
}

describe('The claims of one process', () => {
  const backend = new LocalBroker();
  describeClaims(async () => [backend.claims, backend.claims]);

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

  describeClaims(async () => [(await open()).claims, (await open()).claims]);

  it('are UNAVAILABLE without Redis', async () => {
    const { claims } = await open();
    await redis().stop();

    await expect(claims.claim({ id: 'a', ttlMs: 1_000 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await claims.settle({ id: 'a', ttlMs: 1_000 }, '');
  });
});
