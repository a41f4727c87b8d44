import type { Broker, CallStore } from '@nestwire/messages/backend';
import { brokerWith } from './broker-with.js';
import { until } from './history-rig.js';

/** The traits of a call store. */
export interface CallStoreTraits {
  /** True when brokers that are opened one after the other share their calls. */
  readonly cluster: boolean;
}

const TTL_MS = 60_000;
let count = 0;

/**
 * Describes the behaviour of every call store; runs under jest and compatible test runners.
 *
 * @param open makes a broker that has not been started
 */
export function describeCallStore(
  name: string,
  open: () => Broker | Promise<Broker>,
  { cluster }: CallStoreTraits,
): void {
  describe(`${name} as a call store`, () => {
    const brokers: Broker[] = [];
    const fresh = (ttlMs = TTL_MS) => ({
      ...{ key: `${process.pid}-${Date.now()}-${++count}`, owner: 'server-1' },
      ...{ request: '{"text":"é 💥"}', ttlMs },
    });

    const start = async (): Promise<CallStore> => {
      const broker = brokerWith(await open(), 'calls');
      brokers.push(broker);
      await broker.start({ receive: () => undefined, statusChanged: () => undefined });
      return broker.calls;
    };
    /** The stores of two processes; one store twice for a broker of a single process. */
    const pair = async (): Promise<readonly [CallStore, CallStore]> => {
      const one = await start();
      return [one, cluster ? await start() : one];
    };

    afterEach(async () => {
      await Promise.all(brokers.splice(0).map((broker) => broker.close()));
    });

    it('creates a call once', async () => {
      const [one, two] = await pair();
      const call = fresh();

      const created = await Promise.all([one, two, one].map((store) => store.create(call)));

      expect(created.filter(Boolean)).toHaveLength(1);
      expect(await two.read(call.key, 0, 10)).toEqual({
        items: [],
        state: {
          ...{ owner: call.owner, request: call.request, reader: '', items: 0, consumed: 0 },
          ...{ isCancelled: false, end: undefined },
        },
      });
    });

    it('keeps the items in order, byte for byte, and reads them from any place', async () => {
      const [one, two] = await pair();
      const call = fresh();
      const { key } = call;
      await one.create(call);
      const items = ['', 'a', 'é 💥 \u2028', '{"x":"\\u0000"}', 'x'.repeat(70_000)];

      expect(await one.append(key, items.slice(0, 2))).toBe(true);
      expect(await one.append(key, [])).toBe(true);
      expect(await one.append(key, items.slice(2))).toBe(true);

      expect((await two.read(key, 0, 10))?.items).toEqual(items);
      expect((await two.read(key, 1, 2))?.items).toEqual(items.slice(1, 3));
      expect((await two.read(key, 5, 10))?.items).toEqual([]);
      expect((await two.read(key, 99, 10))?.state.items).toBe(5);
    });

    it('appends to many calls at the same time, with an answer for each', async () => {
      const [one, two] = await pair();
      const calls = Array.from({ length: 20 }, () => fresh());
      const [ended, unknown] = [calls[3]!, fresh()];
      for (const call of calls) await one.create(call);
      await one.change(ended.key, { end: 'over' });

      const keys = [...calls, unknown].map(({ key }) => key);
      const answers = await Promise.all(
        keys.flatMap((key) => [one.append(key, [`${key} 1`, `${key} 2`]), one.append(key, [`${key} 3`])]),
      );

      const isStored = (key: string): boolean => key !== ended.key && key !== unknown.key;
      expect(answers).toEqual(keys.flatMap((key) => [isStored(key), isStored(key)]));
      for (const { key } of calls)
        expect((await two.read(key, 0, 10))?.items).toEqual(
          isStored(key) ? [`${key} 1`, `${key} 2`, `${key} 3`] : [],
        );
    });

    it('has one end, which the first one decides, and takes no item after it', async () => {
      const [one, two] = await pair();
      const call = fresh();
      await one.create(call);
      await one.append(call.key, ['a']);

      expect((await one.change(call.key, { end: 'first' }))?.end).toBe('first');
      expect((await two.change(call.key, { end: 'second' }))?.end).toBe('first');
      expect(await one.append(call.key, ['b'])).toBe(false);

      expect(await two.read(call.key, 0, 10)).toMatchObject({
        items: ['a'],
        state: { end: 'first', items: 1 },
      });
    });

    it('has one reader, who leaves only for itself', async () => {
      const [one, two] = await pair();
      const call = fresh();
      await one.create(call);

      await one.change(call.key, { reader: 'a' });
      expect((await two.change(call.key, { reader: 'b', consumed: 3 }))?.reader).toBe('b');
      expect(await one.change(call.key, { leaves: 'a', consumed: 2 })).toMatchObject({
        reader: 'b',
        consumed: 3,
      });
      expect(await two.change(call.key, { leaves: 'b', consumed: 10 })).toMatchObject({
        reader: '',
        consumed: 10,
      });
    });

    it('replaces a reader in one step', async () => {
      const one = await start();
      const call = fresh();
      await one.create(call);
      await one.change(call.key, { reader: 'a' });

      expect((await one.change(call.key, { leaves: 'a', reader: 'b' }))?.reader).toBe('b');
    });

    it('remembers that a call was cancelled', async () => {
      const [one, two] = await pair();
      const call = fresh();
      await one.create(call);

      expect((await two.change(call.key, { cancel: true }))?.isCancelled).toBe(true);
      expect((await one.change(call.key, {}))?.isCancelled).toBe(true);
    });

    it('knows nothing of calls that were removed, have expired or never were', async () => {
      const [one, two] = await pair();
      const [removed, expired] = [fresh(), fresh(50)];
      for (const call of [removed, expired]) {
        await one.create(call);
        await one.append(call.key, ['a']);
      }

      await two.remove(removed.key);
      await until(async () => (await two.read(expired.key, 0, 1)) === undefined);

      for (const { key } of [removed, expired, fresh()]) {
        expect(await one.read(key, 0, 1)).toBeUndefined();
        expect(await one.change(key, { reader: 'a' })).toBeUndefined();
        expect(await one.append(key, ['b'])).toBe(false);
      }
      expect(await one.create(expired)).toBe(true);
      expect((await two.read(expired.key, 0, 1))?.items).toEqual([]);
    });

    it('keeps a call for longer when asked to', async () => {
      const one = await start();
      const [kept, witness] = [fresh(60), fresh(60)];
      for (const call of [kept, witness]) await one.create(call);

      await one.change(kept.key, { ttlMs: TTL_MS });
      await until(async () => (await one.read(witness.key, 0, 1)) === undefined);

      expect(await one.read(kept.key, 0, 1)).toBeDefined();
    });

    it('knows which servers are alive', async () => {
      const [one, two] = await pair();
      const [alive, dead] = [`a-${fresh().key}`, `d-${fresh().key}`];

      await one.renew(alive, TTL_MS);
      await one.renew(dead, 50);
      await until(async () => !(await two.isAlive(dead)));

      expect(await two.isAlive(alive)).toBe(true);
      expect(await two.isAlive('never')).toBe(false);
    });
  });
}
