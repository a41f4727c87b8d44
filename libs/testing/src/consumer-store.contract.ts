import type {
  HistoryChannel,
  HistoryStore,
  Broker,
  ConsumerShare,
  ConsumerStore,
  ConsumerWork,
  StoredMessage,
  FetchRequest,
} from '@nestwire/messages/backend';
import { brokerWith } from './broker-with.js';
import { append, drafts, fresh, placeOf, until } from './history-rig.js';

/** How far durable consumers reach. */
export interface ConsumerStoreTraits {
  /** True when successively opened backends share their consumers. */
  readonly cluster: boolean;
}

/** A started broker. */
interface Started {
  readonly history: HistoryStore;
  readonly consumers: ConsumerStore;
  readonly close: () => Promise<void>;
}

type Start = () => Promise<Started>;

const LONG_MS = 60_000;
const SHORT_MS = 60;
/** A lease that still runs when the next command is answered, on a busy machine too. */
const RUNNING_MS = 1_000;
const NOTHING: FetchRequest = { settled: [], limit: 10, leaseMs: LONG_MS };

let count = 0;

/**
 * Describes what every backend of durable consumers does; runs under jest and what has its globals.
 *
 * @param open makes a backend that has not been started
 */
export function describeConsumerStore(
  name: string,
  open: () => Broker | Promise<Broker>,
  { cluster }: ConsumerStoreTraits,
): void {
  describe(`${name} as what named consumers stand on`, () => {
    const brokers: Broker[] = [];
    const start: Start = async () => {
      const broker = brokerWith(await open(), 'history');
      const { history } = broker;
      const { consumers } = history;
      if (!consumers)
        throw new Error(`The contract needs the member "consumers" of ${history.constructor.name}.`);
      brokers.push(broker);
      history.attach({ stored: () => undefined, suspected: () => undefined });
      await broker.start({ receive: () => undefined, statusChanged: () => undefined });
      return { history, consumers, close: () => broker.close() };
    };
    afterEach(async () => {
      await Promise.all(brokers.splice(0).map((broker) => broker.close()));
    });

    describePlace(start);
    describeLeases(start);
    describeGaps(start);
    if (cluster) describeCluster(start);
  });
}

function describePlace(start: Start): void {
  it('begins with what comes next, or with the oldest that is kept', async () => {
    const { history, consumers } = await start();
    const channel = fresh();
    await append(history, channel, drafts(3));
    const [atTop, atOldest] = [share(channel), share(channel, { from: 'oldest' })];

    const first = await consumers.fetch(atTop, NOTHING);
    await append(history, channel, drafts(2));

    expect(first).toEqual({ works: [], waitMs: undefined });
    expect(offsetsOf(await consumers.fetch(atTop, NOTHING))).toEqual([4, 5]);
    expect(offsetsOf(await consumers.fetch(atOldest, NOTHING))).toEqual([1, 2, 3, 4, 5]);
  });

  it('begins where nothing was posted yet', async () => {
    const { history, consumers } = await start();
    const channel = fresh();
    const consumer = share(channel);

    await consumers.fetch(consumer, NOTHING);
    const stored = await append(history, channel, drafts(2, 'text'));
    const { works } = await consumers.fetch(consumer, NOTHING);

    expect(works.map(({ message }) => placeOf(message!))).toEqual(stored.map(({ position }) => position));
    expect(works.map(({ position }) => position)).toEqual(stored.map(({ position }) => position));
    expect(works[0]!.message).toMatchObject({
      type: 'contract.message',
      data: '{"text":"text"}',
      previousId: '',
    });
    expect(works.map(({ attempt, gap }) => [attempt, gap])).toEqual([
      [1, undefined],
      [1, undefined],
    ]);
  });

  it('takes as much as it may, and each message once', async () => {
    const { history, consumers } = await start();
    const consumer = await opened(consumers, fresh());
    await append(history, consumer.channel, drafts(5));

    const taken = [];
    for (const limit of [0, 2, 1, 10, 10]) taken.push(await consumers.fetch(consumer, { ...NOTHING, limit }));

    expect(taken.map(offsetsOf)).toEqual([[], [1, 2], [3], [4, 5], []]);
  });

  it('takes no more bytes at once than a page has, but one message at least', async () => {
    const { history, consumers } = await start();
    const consumer = await opened(consumers, fresh());
    const large = 'x'.repeat(700_000);
    for (let index = 0; index < 3; index++) await append(history, consumer.channel, drafts(1, large));

    const taken = [];
    for (let index = 0; index < 3; index++) taken.push(await consumers.fetch(consumer, NOTHING));

    expect(taken.map(offsetsOf)).toEqual([[1], [2], [3]]);
  });

  it('shares the messages of a name, and gives each name all of them', async () => {
    const { history, consumers } = await start();
    const channel = fresh();
    const one = await opened(consumers, channel);
    const same = { ...one, holder: 'other' };
    const other = await opened(consumers, channel);
    await append(history, channel, drafts(3));

    const shares = [
      await consumers.fetch(one, { ...NOTHING, limit: 1 }),
      await consumers.fetch(same, { ...NOTHING, limit: 1 }),
      await consumers.fetch(one, NOTHING),
    ];

    expect(shares.map(offsetsOf)).toEqual([[1], [2], [3]]);
    expect(offsetsOf(await consumers.fetch(other, NOTHING))).toEqual([1, 2, 3]);
  });
}

function describeLeases(start: Start): void {
  it('gives out again what was not settled, when its lease is over, before what is new', async () => {
    const { history, consumers } = await start();
    const one = await opened(consumers, fresh());
    const other = { ...one, holder: 'other' };
    await append(history, one.channel, drafts(3));
    const { works } = await consumers.fetch(one, { ...NOTHING, limit: 2, leaseMs: RUNNING_MS });

    const early = await consumers.fetch(other, { ...NOTHING, limit: 0 });
    const redelivered = await untilTaken(consumers, other, { ...NOTHING, limit: 2 });

    expect(early.waitMs).toBeGreaterThan(0);
    expect(early.waitMs).toBeLessThanOrEqual(RUNNING_MS);
    expect(redelivered.map(({ key, attempt, message }) => [key, attempt, message])).toEqual(
      works.map(({ key, message }) => [key, 2, message]),
    );
    expect(offsetsOf(await consumers.fetch(other, NOTHING))).toEqual([3]);
  });

  it('never gives out again what was settled', async () => {
    const { history, consumers } = await start();
    const consumer = await opened(consumers, fresh());
    await append(history, consumer.channel, drafts(2));
    const { works } = await consumers.fetch(consumer, { ...NOTHING, leaseMs: 1 });

    await consumers.fetch(consumer, { ...NOTHING, settled: works });
    await consumers.fetch(consumer, { ...NOTHING, settled: works });
    await append(history, consumer.channel, drafts(1));

    expect(await consumers.fetch(consumer, NOTHING)).toMatchObject({
      works: [{ key: '3' }],
      waitMs: undefined,
    });
  });

  it('keeps what is held, with its attempt, and gives back at once what is let go of', async () => {
    const { history, consumers } = await start();
    const one = await opened(consumers, fresh());
    const other = { ...one, holder: 'other' };
    await append(history, one.channel, drafts(1));
    const { works } = await consumers.fetch(one, { ...NOTHING, leaseMs: 1 });
    const later = works.map((work) => ({ ...work, attempt: 4 }));

    const held = await consumers.renew(one, later, LONG_MS);
    const meanwhile = await consumers.fetch(other, NOTHING);
    await consumers.renew(one, later, 0);
    const { works: redelivered } = await consumers.fetch(other, NOTHING);

    expect(held).toEqual([true]);
    expect(meanwhile.works).toEqual([]);
    expect(redelivered).toMatchObject([{ key: '1', attempt: 5 }]);
  });

  it('takes nothing from who has lost it', async () => {
    const { history, consumers } = await start();
    const one = await opened(consumers, fresh());
    const other = { ...one, holder: 'other' };
    await append(history, one.channel, drafts(1));
    const { works } = await consumers.fetch(one, { ...NOTHING, leaseMs: 0 });
    const { works: taken } = await consumers.fetch(other, { ...NOTHING, leaseMs: SHORT_MS });

    expect(await consumers.renew(one, works, 0)).toEqual([false]);
    await consumers.fetch(one, { ...NOTHING, settled: works });

    expect(taken).toMatchObject([{ key: '1', attempt: 2 }]);
    expect(await untilTaken(consumers, one, NOTHING)).toMatchObject([{ key: '1', attempt: 3 }]);
  });

  it('gives back in the order of the channel', async () => {
    const { history, consumers } = await start();
    const consumer = await opened(consumers, fresh());
    await append(history, consumer.channel, drafts(12));
    const { works } = await consumers.fetch(consumer, { ...NOTHING, limit: 12 });

    await consumers.renew(consumer, works.toReversed(), 0);

    expect(offsetsOf(await consumers.fetch(consumer, { ...NOTHING, limit: 12 }))).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
  });
}

function describeGaps(start: Start): void {
  const short = { messages: 5, ageMs: 60_000 };

  it('gives out one gap for what was trimmed, and goes on with the oldest that is left', async () => {
    const { history, consumers } = await start();
    const consumer = await opened(consumers, fresh(short));
    // A store may trim in large steps, so more messages than the limit are needed.
    for (let index = 0; index < 6; index++) await append(history, consumer.channel, drafts(100));
    const { works } = await consumers.fetch(consumer, { ...NOTHING, limit: 3 });
    const rest = await consumers.fetch(consumer, { ...NOTHING, limit: 600 });

    const [gap, first] = works as [ConsumerWork, ConsumerWork];
    expect([gap.gap, gap.message, gap.attempt]).toEqual(['trimmed', undefined, 1]);
    expect(gap.position).toMatchObject({ offset: first.message!.offset - 1, id: first.message!.previousId });
    expect(offsetsOf(rest).at(-1)).toBe(600);
    expect(rest.works.every((work) => work.gap === undefined)).toBe(true);
  });

  it('gives out a gap again that was not settled, before what follows it', async () => {
    const { history, consumers } = await start();
    const consumer = await opened(consumers, fresh(short));
    for (let index = 0; index < 6; index++) await append(history, consumer.channel, drafts(100));

    const { works: first } = await consumers.fetch(consumer, { ...NOTHING, limit: 2 });
    await consumers.renew(consumer, first, 0);
    const { works: redelivered } = await consumers.fetch(consumer, { ...NOTHING, limit: 2 });
    await consumers.renew(consumer, redelivered, 0);
    const { works: behind } = await consumers.fetch(consumer, {
      ...NOTHING,
      settled: redelivered.slice(0, 1),
      limit: 1,
    });

    expect(first[0]).toMatchObject({ gap: 'trimmed' });
    expect(redelivered).toEqual(first.map((work) => ({ ...work, attempt: 2 })));
    expect(behind[0]).toMatchObject({ key: first[1]!.key, gap: undefined });
  });

  it('gives out a gap and all that is kept to a share that had a place, where there is none', async () => {
    const { history, consumers } = await start();
    const channel = fresh();
    await append(history, channel, drafts(2));

    const { works } = await consumers.fetch(share(channel, { from: 'known' }), NOTHING);

    expect(works.map(({ key, gap }) => gap ?? key)).toEqual(['epoch-changed', '1', '2']);
  });

  it('gives out no gap while there is none', async () => {
    const { history, consumers } = await start();
    const consumer = await opened(consumers, fresh(short));

    let settled: readonly ConsumerWork[] = [];
    const gaps = [];
    for (let index = 0; index < 30; index++) {
      await append(history, consumer.channel, drafts(3));
      ({ works: settled } = await consumers.fetch(consumer, { ...NOTHING, settled }));
      gaps.push(...settled.filter(({ gap }) => gap));
    }

    expect(gaps).toEqual([]);
  });
}

function describeCluster(start: Start): void {
  it('goes on where the name was, whoever asks', async () => {
    const first = await start();
    const consumer = await opened(first.consumers, fresh());
    await append(first.history, consumer.channel, drafts(3));
    const { works } = await first.consumers.fetch(consumer, { ...NOTHING, limit: 2 });
    await first.consumers.fetch(consumer, { ...NOTHING, settled: works, limit: 0 });
    await first.close();

    const second = await start();
    const redelivered = await second.consumers.fetch({ ...consumer, holder: 'second' }, NOTHING);

    expect(offsetsOf(redelivered)).toEqual([3]);
  });

  it('gives each message to one of several that ask at once', async () => {
    const backends = [await start(), await start(), await start()];
    const channel = fresh();
    const consumer = await opened(backends[0]!.consumers, channel);
    await append(backends[0]!.history, channel, drafts(200));

    const shares = await Promise.all(
      backends.map(async ({ consumers }, index) => {
        const own: StoredMessage[] = [];
        let settled: readonly ConsumerWork[] = [];
        do {
          const taken = await consumers.fetch(
            { ...consumer, holder: `h${index}` },
            { ...NOTHING, settled, limit: 3 },
          );
          settled = taken.works;
          own.push(...settled.map(({ message }) => message!));
        } while (settled.length > 0);
        return own.map(({ offset }) => offset);
      }),
    );

    for (const own of shares) expect(own).toEqual(own.toSorted((a, b) => a - b));
    expect(shares.flat().toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
  });

  it('is closed after close', async () => {
    const backend = await start();
    const consumer = await opened(backend.consumers, fresh());
    await backend.close();

    await expect(backend.consumers.fetch(consumer, NOTHING)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(backend.consumers.renew(consumer, [], 0)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
}

function share(channel: HistoryChannel, { from = 'head' as ConsumerShare['from'] } = {}): ConsumerShare {
  return { channel, name: `consumer${++count}`, from, holder: 'one' };
}

/** A consumer that has its place, at the top. */
async function opened(consumers: ConsumerStore, channel: HistoryChannel): Promise<ConsumerShare> {
  const consumer = share(channel);
  await consumers.fetch(consumer, NOTHING);
  return consumer;
}

async function untilTaken(
  consumers: ConsumerStore,
  consumer: ConsumerShare,
  request: FetchRequest,
): Promise<readonly ConsumerWork[]> {
  // Without room, so that what is new stays where it is.
  await until(async () => (await consumers.fetch(consumer, { ...request, limit: 0 })).waitMs === 0);
  return (await consumers.fetch(consumer, request)).works;
}

function offsetsOf({ works }: { readonly works: readonly ConsumerWork[] }): number[] {
  return works.flatMap(({ message }) => (message ? [message.offset] : []));
}
