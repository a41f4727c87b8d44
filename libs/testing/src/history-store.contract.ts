import type { Position } from '@nestwire/messages';
import { brokerWith } from './broker-with.js';
import type { Draft, Broker, Stored } from '@nestwire/messages/backend';
import { messageIdOf } from '@nestwire/messages/internal';
import { describeLength, describeRead } from './history-reads.contract.js';
import {
  ALL,
  append,
  arrived,
  draft,
  drafts,
  expectChain,
  fresh,
  placeOf,
  textOf,
  type HistoryNode,
  type StartHistory,
} from './history-rig.js';

/** How far a history reaches. */
export interface HistoryStoreTraits {
  /** True when successively opened backends share their histories. */
  readonly cluster: boolean;
}

/**
 * Describes what every history does; runs under jest and what has its globals.
 *
 * @param open makes a backend that has not been started
 */
export function describeHistoryStore(
  name: string,
  open: () => Broker | Promise<Broker>,
  { cluster }: HistoryStoreTraits,
): void {
  describe(`${name} as a history`, () => {
    const nodes: HistoryNode[] = [];
    const start: StartHistory = async () => {
      const backend = brokerWith(await open(), 'history');
      const node: HistoryNode = { backend, history: backend.history, heard: [], suspected: [] };
      node.history.attach({
        stored: (channel, messages) =>
          node.heard.push(...messages.map((message) => ({ channel, ...message }))),
        suspected: (channels) => node.suspected.push(...channels),
      });
      await backend.start({ receive: () => undefined, statusChanged: () => undefined });
      nodes.push(node);
      return node;
    };
    afterEach(async () => {
      await Promise.all(nodes.splice(0).map(({ backend }) => backend.close()));
    });

    describeAppend(start);
    describeDuplicates(start);
    describeRead(start);
    describeLength(start);
    describeFollow(start);
    if (cluster) describeCluster(start);
  });
}

function describeAppend(start: StartHistory): void {
  it('counts from one without a hole, and names the message before', async () => {
    const { history } = await start();
    const channel = fresh();

    const results = [
      ...(await append(history, channel, drafts(3))),
      ...(await append(history, channel, drafts(2))),
    ];
    const { head, messages } = await history.read(channel, { last: 10 }, ALL);

    expect(results.map(({ position }) => position.offset)).toEqual([1, 2, 3, 4, 5]);
    expect(results.every(({ isDuplicate }) => !isDuplicate)).toBe(true);
    expect(new Set(results.map(({ position }) => position.epoch)).size).toBe(1);
    expect(messages.map(placeOf)).toEqual(results.map(({ position }) => position));
    expectChain(messages, head);
  });

  it('keeps the text as it was encoded, whatever it holds', async () => {
    const node = await start();
    const { history } = node;
    const channel = fresh();
    await history.follow(channel.name);
    const values = ['', '€ 💥 \n \0 \u2028 "}', 'x'.repeat(300_000), '{"v":1}\n{}'];
    const texts = ['{}', ...values.map((text) => JSON.stringify({ text }))];
    const sent = texts.map((data, index) => ({ ...draft(), type: `a "${index}"/€`, data }));

    await append(history, channel, sent);
    const { messages } = await history.read(channel, { last: 10 }, ALL);

    await arrived(node, sent.length);

    for (const found of [messages, node.heard])
      expect(found.map(({ type, data }) => ({ type, data }))).toEqual(
        sent.map(({ type, data }) => ({ type, data })),
      );
    expectChain(node.heard, messages.at(-1)!);
  });

  it('stores 256 at once', async () => {
    const node = await start();
    const channel = fresh();
    await node.history.follow(channel.name);

    const results = await append(node.history, channel, drafts(256));
    await arrived(node, 256);

    expect(results.map(({ position }) => position.offset)).toEqual(
      Array.from({ length: 256 }, (_, index) => index + 1),
    );
    expect(node.heard.map(placeOf)).toEqual(results.map(({ position }) => position));
  });

  it('stores nothing when there is nothing to store', async () => {
    const { history } = await start();
    const channel = fresh();

    expect(await history.append(channel, [])).toEqual([]);
    expect(await history.read(channel, { last: 1 }, ALL)).toMatchObject({
      head: { offset: 0 },
      messages: [],
    });
  });

  it('keeps channels of all spellings apart', async () => {
    const { history } = await start();
    const suffix = fresh().name;
    const names = ['a', 'A', 'a:b', 'a::b', ':', '8:a', 'a|b', 'a%20b', 'a/b@c'].map((name) => name + suffix);

    for (const name of names) await append(history, { ...fresh(), name }, [draft(name)]);

    for (const name of names) {
      const { messages } = await history.read({ ...fresh(), name }, { last: 10 }, ALL);
      expect(messages.map(({ data }) => data)).toEqual([textOf(name)]);
    }
  });
}

function describeDuplicates(start: StartHistory): void {
  it('answers an id that it has with where it stands, and lets nobody hear it again', async () => {
    const node = await start();
    const channel = fresh();
    await node.history.follow(channel.name);
    const [one, two, three] = drafts(3) as [Draft, Draft, Draft];

    const first = await append(node.history, channel, [one, two]);
    const redelivered = await append(node.history, channel, [two, three, one]);
    await arrived(node, 3);

    expect(redelivered[0]).toEqual({ position: first[1]!.position, isDuplicate: true });
    expect(redelivered[1]).toMatchObject({ position: { offset: 3 }, isDuplicate: false });
    expect(messageIdOf((redelivered[1] as Stored).position)).toBe(three.id);
    expect(redelivered[2]).toEqual({ position: first[0]!.position, isDuplicate: true });
    expect(node.heard.map(messageIdOf)).toEqual([one.id, two.id, three.id]);
  });

  it('stores an id once that comes twice at once', async () => {
    const { history } = await start();
    const channel = fresh();
    const [one, two] = drafts(2) as [Draft, Draft];

    const results = await append(history, channel, [one, two, one]);

    expect(results.map(({ position, isDuplicate }) => [position.offset, isDuplicate])).toEqual([
      [1, false],
      [2, false],
      [1, true],
    ]);
  });

  it('takes the same id on another channel', async () => {
    const { history } = await start();
    const one = draft();

    await append(history, fresh(), [one]);

    expect(await append(history, fresh(), [one])).toMatchObject([{ isDuplicate: false }]);
  });
}

function describeFollow(start: StartHistory): void {
  it('hears what it stores itself on channels that it follows, in order', async () => {
    const node = await start();
    const [followed, other] = [fresh(), fresh()];
    await node.history.follow(followed.name);

    await append(node.history, other, drafts(1));
    const results = [
      ...(await append(node.history, followed, drafts(2))),
      ...(await append(node.history, followed, drafts(1))),
    ];
    await arrived(node, 3);

    expect(node.heard.map(placeOf)).toEqual(results.map(({ position }) => position));
    expect(node.heard.map(({ channel }) => channel)).toEqual(Array(3).fill(followed.name));
    expect(node.heard[0]!.previousId).toBe('');
    expectChain(node.heard, results[2]!.position);
  });

  it('hears nothing after unfollow, and again after follow', async () => {
    const node = await start();
    const [one, two] = [fresh(), fresh()];
    for (const { name } of [one, two]) await node.history.follow(name);
    node.history.unfollow(one.name);
    await append(node.history, one, [draft('not wanted')]);
    await append(node.history, two, [draft('wanted')]);
    await arrived(node, 1);

    await node.history.follow(one.name);
    await append(node.history, one, [draft('again')]);
    await arrived(node, 2);

    expect(node.heard.map(({ data }) => data)).toEqual([textOf('wanted'), textOf('again')]);
  });

  it('takes a follow twice, and its end twice', async () => {
    const node = await start();
    const channel = fresh();

    await Promise.all([node.history.follow(channel.name), node.history.follow(channel.name)]);
    await append(node.history, channel, drafts(1));
    await arrived(node, 1);
    node.history.unfollow(channel.name);
    node.history.unfollow(channel.name);

    expect(node.heard).toHaveLength(1);
  });

  it('doubts nothing while all goes well', async () => {
    const node = await start();
    const channel = fresh();
    await node.history.follow(channel.name);

    await append(node.history, channel, drafts(1));
    await arrived(node, 1);

    expect(node.suspected).toEqual([]);
  });
}

function describeCluster(start: StartHistory): void {
  it('has one order of what several processes store at once, and all of them hear it', async () => {
    const processes = [await start(), await start(), await start()];
    const channel = fresh();
    for (const { history } of processes) await history.follow(channel.name);

    const positions = await Promise.all(
      processes.map(async ({ history }) => {
        const own: Position[] = [];
        for (let round = 0; round < 20; round++)
          own.push(...(await append(history, channel, drafts(5))).map(({ position }) => position));
        return own;
      }),
    );
    for (const node of processes) await arrived(node, 300);
    const { messages, head } = await processes[0]!.history.read(channel, { last: 1_000 }, ALL);

    for (const own of positions)
      expect(own.map(({ offset }) => offset)).toEqual(
        own.map(({ offset }) => offset).toSorted((a, b) => a - b),
      );
    expect(messages).toHaveLength(300);
    expectChain(messages, head);
    expect(positions.flat().toSorted((a, b) => a.offset - b.offset)).toEqual(messages.map(placeOf));
    for (const { heard } of processes)
      expect(heard).toMatchObject(messages.map((message) => ({ channel: channel.name, ...message })));
  });

  it('begins one epoch, whoever reads first', async () => {
    const processes = [await start(), await start(), await start()];
    const channel = fresh();

    const pages = await Promise.all(processes.map(({ history }) => history.read(channel, { last: 1 }, ALL)));

    expect(new Set(pages.map(({ head }) => head.epoch)).size).toBe(1);
  });

  it('knows an id that another process stored', async () => {
    const [one, two] = [await start(), await start()];
    const channel = fresh();
    const sent = drafts(3);

    const first = await append(one.history, channel, sent);

    expect(await append(two.history, channel, sent)).toEqual(
      first.map(({ position }) => ({ position, isDuplicate: true })),
    );
  });

  it('follows many channels at once', async () => {
    const [one, two] = [await start(), await start()];
    const channels = Array.from({ length: 350 }, () => fresh());

    await Promise.all(channels.map(({ name }) => two.history.follow(name)));
    await Promise.all(channels.map((channel) => append(one.history, channel, drafts(1))));
    await arrived(two, 350);

    expect(new Set(two.heard.map(({ channel }) => channel)).size).toBe(350);
  });

  it('is closed after close', async () => {
    const [one, two] = [await start(), await start()];
    const channel = fresh();
    for (const { history } of [one, two]) await history.follow(channel.name);
    await two.backend.close();

    await append(one.history, channel, drafts(1));
    await arrived(one, 1);

    expect(two.heard).toEqual([]);
    const unavailable = { code: 'UNAVAILABLE' };
    await expect(two.history.append(channel, drafts(1))).rejects.toMatchObject(unavailable);
    await expect(two.history.read(channel, { last: 1 }, ALL)).rejects.toMatchObject(unavailable);
    await expect(two.history.heads([channel.name])).rejects.toMatchObject(unavailable);
  });
}
