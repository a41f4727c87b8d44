import type { Position } from '@nestwire/messages';
import {
  ALL,
  append,
  draft,
  drafts,
  expectChain,
  fresh,
  textOf,
  until,
  type StartHistory,
} from './history-rig.js';

/** Describes how a history is read. */
export function describeRead(start: StartHistory): void {
  it('reads what is behind a position, or nothing when nothing is', async () => {
    const { history } = await start();
    const channel = fresh();
    const results = await append(history, channel, drafts(5));
    const [, second, , , last] = results.map(({ position }) => position);

    const page = await history.read(channel, { since: second! }, ALL);
    const empty = await history.read(channel, { since: last! }, ALL);

    expect(page).toMatchObject({ head: last, isCut: false });
    expect(page.messages.map(({ offset }) => offset)).toEqual([3, 4, 5]);
    expect(page.messages[0]!.previousId).toBe(second!.id);
    expect(empty).toEqual({ head: last, messages: [], isCut: false });
  });

  it('reads the last so many, or all when there are fewer', async () => {
    const { history } = await start();
    const channel = fresh();
    await append(history, channel, drafts(100));

    const offsets = async (last: number) =>
      (await history.read(channel, { last }, ALL)).messages.map(({ offset }) => offset);

    expect(await offsets(0)).toEqual([]);
    expect(await offsets(3)).toEqual([98, 99, 100]);
    expect(await offsets(1_000)).toHaveLength(100);
  });

  it('cuts a page after so many messages, and says so', async () => {
    const { history } = await start();
    const channel = fresh();
    const results = await append(history, channel, drafts(70));
    const since = results[0]!.position;
    const read = (messages: number) => history.read(channel, { since }, { ...ALL, messages });

    const [cut, exact, one] = [await read(68), await read(69), await read(1)];

    expect([cut.messages.length, cut.isCut]).toEqual([68, true]);
    expect([exact.messages.length, exact.isCut]).toEqual([69, false]);
    expect([one.messages.length, one.isCut]).toEqual([1, true]);
    expect(cut.head.offset).toBe(70);
  });

  it('cuts a page after so many bytes, and gives at least one message', async () => {
    const { history } = await start();
    const channel = fresh();
    await append(history, channel, drafts(40, 'x'.repeat(1_000)));
    const size = textOf('x'.repeat(1_000)).length;
    const read = (bytes: number) => history.read(channel, { last: 40 }, { ...ALL, bytes });

    const [five, all, one] = [await read(5 * size), await read(40 * size), await read(1)];

    expect([five.messages.length, five.isCut]).toEqual([5, true]);
    expect([all.messages.length, all.isCut]).toEqual([40, false]);
    expect([one.messages.length, one.isCut]).toEqual([1, true]);
    expect(one.messages[0]!.offset).toBe(1);
  });

  it('begins an epoch when it is read first, and keeps it', async () => {
    const { history } = await start();
    const channel = fresh();

    const [first, second] = [
      await history.read(channel, { last: 1 }, ALL),
      await history.read(channel, { last: 1 }, ALL),
    ];
    const [stored] = await append(history, channel, [draft()]);

    expect(first).toMatchObject({ head: { offset: 0, id: '' }, messages: [], isCut: false });
    expect(first.head.epoch).toMatch(/^[\w-]{22}$/);
    expect(second).toEqual(first);
    expect(stored!.position).toMatchObject({ epoch: first.head.epoch, offset: 1 });
  });

  it('tells the tops of many channels, in order, and none of one without an epoch', async () => {
    const { history } = await start();
    const channels = Array.from({ length: 450 }, () => fresh());
    const stored = new Map<string, Position>();
    for (const [index, channel] of channels.entries()) {
      if (index % 50 === 0)
        stored.set(channel.name, (await append(history, channel, drafts(2)))[1]!.position);
    }

    const heads = await history.heads(channels.map(({ name }) => name));

    expect(heads).toEqual(channels.map(({ name }) => stored.get(name)));
    expect(await history.heads([])).toEqual([]);
  });
}

/** Describes how much a history keeps. */
export function describeLength(start: StartHistory): void {
  it('keeps at least as many as it is to keep, and lets go of older ones', async () => {
    const { history } = await start();
    const channel = fresh({ messages: 300, ageMs: 60_000 });
    for (let round = 0; round < 8; round++) await append(history, channel, drafts(200));

    const { messages, head } = await history.read(channel, { last: 2_000 }, ALL);

    expect(messages.length).toBeGreaterThanOrEqual(300);
    expect(messages.length).toBeLessThan(1_600);
    expectChain(messages, head);
  });

  it('lets go of messages when the last is too old, and keeps its top', async () => {
    const { history } = await start();
    const channel = fresh({ messages: 10, ageMs: 40 });
    const [, second] = await append(history, channel, drafts(2));

    await until(async () => (await history.read(channel, { last: 10 }, ALL)).messages.length === 0);

    expect((await history.read(channel, { last: 10 }, ALL)).head).toEqual(second!.position);
    const [third] = await append(history, channel, drafts(1));
    expect(third!.position).toMatchObject({ epoch: second!.position.epoch, offset: 3 });
  });
}
