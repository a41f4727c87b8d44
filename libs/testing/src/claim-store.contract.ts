import type { Broker, ClaimStore } from '@nestwire/messages/backend';
import { brokerWith } from './broker-with.js';
import { until } from './history-rig.js';

/** The traits of a claim store. */
export interface ClaimStoreTraits {
  /** True when brokers that are opened one after the other share their claims. */
  readonly cluster: boolean;
}

const TTL_MS = 60_000;
let count = 0;

/**
 * Describes the behaviour of every claim store; runs under jest and compatible test runners.
 *
 * @param open makes a broker that has not been started
 */
export function describeClaimStore(
  name: string,
  open: () => Broker | Promise<Broker>,
  { cluster }: ClaimStoreTraits,
): void {
  describe(`${name} as a claim store`, () => {
    const brokers: Broker[] = [];
    const fresh = (ttlMs = TTL_MS) => ({ id: `${process.pid}-${Date.now()}-${++count}`, ttlMs });

    const start = async (): Promise<ClaimStore> => {
      const broker = brokerWith(await open(), 'claims');
      brokers.push(broker);
      await broker.start({ receive: () => undefined, statusChanged: () => undefined });
      return broker.claims;
    };
    /** The stores of two processes; one store twice for a broker of a single process. */
    const pair = async (): Promise<readonly [ClaimStore, ClaimStore]> => {
      const one = await start();
      return [one, cluster ? await start() : one];
    };

    afterEach(async () => {
      await Promise.all(brokers.splice(0).map((broker) => broker.close()));
    });

    it('gives work to one of all concurrent claims', async () => {
      const [one, two] = await pair();
      const work = fresh();

      const claims = await Promise.all([one, two, one, two].map((store) => store.claim(work)));

      expect(claims.toSorted()).toEqual(['claimed', 'running', 'running', 'running']);
    });

    it('gives the result to all later claims, an empty result too', async () => {
      const [one, two] = await pair();
      for (const result of ['', 'r', 's', 'running', '{"code":"é"}', 'x'.repeat(10_000)]) {
        const work = fresh();
        await one.claim(work);

        await one.settle(work, result);

        expect([await one.claim(work), await two.claim(work)]).toEqual([{ result }, { result }]);
      }
    });

    it('keeps works with different ids apart', async () => {
      const store = await start();
      const [first, second] = [fresh(), fresh()];
      await store.claim(first);
      await store.settle(first, 'done');

      expect(await store.claim(second)).toBe('claimed');
    });

    it('forgets claimed work after its time', async () => {
      const [one, two] = await pair();
      const work = fresh(200);
      expect(await one.claim(work)).toBe('claimed');
      expect(await two.claim(work)).toBe('running');

      await until(async () => (await two.claim(work)) === 'claimed');
    });

    it('counts the time of settled work from its end', async () => {
      const [one, two] = await pair();
      const [short, id] = [fresh(200), fresh().id];
      await one.claim({ id, ttlMs: 200 });
      await one.settle({ id, ttlMs: TTL_MS }, 'done');

      // Another work with the short time shows that the short time has passed.
      await one.claim(short);
      await until(async () => (await one.claim(short)) === 'claimed');

      expect(await two.claim({ id, ttlMs: TTL_MS })).toEqual({ result: 'done' });
    });
  });
}
