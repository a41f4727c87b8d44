import { createStreamClient, type ConnectionOptions, type StreamingCall } from '@nestwire/client';
import { messagePack } from '@nestwire/protocol/message-pack';
import { create } from '@nestwire/protocol';
import type { StreamsOf } from '@nestwire/streams';
import { Link } from '../rig/link.js';
import { until } from '../rig/until.js';
import { Ask, Lab, Part, startLab, Sum, type LabEndpoint } from './calls.app.js';
import {
  connected,
  failureOf,
  stopAll,
  towards,
  untilNothingIsLeft,
  type AppParts,
  type RunningApp,
} from './start-app.js';

afterEach(stopAll);

type LabStreams = StreamsOf<{ lab: LabEndpoint }>;

const ask = (count: number) => create(Ask, { count });
const part = (text: string) => create(Part, { text });

async function labOf(target: Pick<RunningApp, 'port'>, options: Partial<ConnectionOptions> = {}) {
  const { lab } = await connected(
    createStreamClient<LabStreams>()({ ...towards(target), ...options, messages: [Ask, Part, Sum] }),
  );
  return lab;
}

async function start(parts?: AppParts): Promise<{ app: RunningApp; state: Lab }> {
  const app = await startLab(parts);
  return { app, state: app.get(Lab) };
}

/** Reads a call: the texts of its items, then `end` or the code of its error. */
async function read(call: StreamingCall<Part>): Promise<string[]> {
  const texts: string[] = [];
  try {
    for await (const { text } of call) texts.push(text);
    return [...texts, 'end'];
  } catch (error) {
    return [...texts, (error as { code: string }).code];
  }
}

describe.each([
  ['JSON', {}, []],
  ['MessagePack', { codec: messagePack }, [messagePack]],
])('A client with %s', (_codec, codec, codecs) => {
  it('gets the reply of a call, as an instance', async () => {
    const { app } = await start({ options: { codecs } });
    const lab = await labOf(app, codec);
    const sum = await lab.add(ask(41));

    expect(sum).toBeInstanceOf(Sum);
    expect([sum.count, await lab.nothing(ask(1))]).toEqual([42, undefined]);
    expect(await failureOf(lab.fail(ask(1)))).toMatchObject({ code: 'SOLD_OUT' });
    expect(await failureOf(lab.add(Object.assign(ask(1), { count: 'x' })))).toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ path: 'count' }],
    });
  });

  it('reads many items in order, through the window', async () => {
    const { app } = await start({ options: { codecs, limits: { callWindow: 5 } } });
    const lab = await labOf(app, codec);
    const texts = await read(lab.parts(ask(400)));

    expect(texts).toEqual([...Array.from({ length: 400 }, (_, at) => `${at + 1}`), 'end']);
  });

  it('sends items through the window, and reads the converted ones', async () => {
    const { app } = await start({
      options: { codecs, limits: { callWindow: 3, callWindowBytes: 2_000, framesPerSecond: 10_000 } },
    });
    const lab = await labOf(app, codec);
    const texts = Array.from({ length: 100 }, (_, at) => `${at}`.padEnd(at * 10));
    const all = async function* () {
      for (const text of texts) yield await Promise.resolve(part(text));
    };

    expect(await read(lab.echo(ask(1), all()))).toEqual([...texts, 'end']);
    expect(await lab.collect(ask(1_000), texts.map(part))).toMatchObject({ count: 100 });
  });
});

describe('A client', () => {
  it('lets the server stop while it does not read', async () => {
    const { app, state } = await start({ options: { limits: { callWindow: 4 } } });
    const lab = await labOf(app);
    const reader = lab.parts(ask(100))[Symbol.asyncIterator]();
    await reader.next();
    await until(() => state.pulled >= 4);
    await lab.add(ask(1));
    expect(state.pulled).toBeLessThanOrEqual(6);
    for (let index = 0; index < 50; index++) await reader.next();
    await until(() => state.pulled >= 50);
    await reader.return!();
    await until(() => state.log.includes('finally'));
  });

  it('gets large items that fill the window of bytes', async () => {
    const { app } = await start({ options: { limits: { callWindowBytes: 120_000 } } });
    const lab = await labOf(app);
    let count = 0;
    for await (const { text } of lab.large(ask(40))) count += text.length;
    expect(count).toBe(40 * 50_000);
  });

  it('ends a call by leaving its loop, by its signal and by cancel()', async () => {
    const { app, state } = await start();
    const lab = await labOf(app);
    for await (const _ of lab.held(ask(1))) break;
    await until(() => state.calls[0]?.signal.aborted);

    const abort = new AbortController();
    const aborted = read(lab.held(ask(1), { signal: abort.signal }));
    await until(() => state.calls.length === 2);
    abort.abort();
    expect((await aborted).at(-1)).toBe('ABORTED');
    await until(() => state.calls[1]!.signal.aborted);

    const call = lab.held(ask(1));
    const reading = read(call);
    await until(() => state.calls.length === 3);
    await call.cancel();
    expect((await reading).at(-1)).toBe('CANCELLED');
    expect(state.calls[2]!.signal.reason).toMatchObject({ code: 'CANCELLED' });
    state.latch.open();
    await until(() => state.log.length === 3);
  });

  it('has a deadline, which its server keeps too', async () => {
    const { app, state } = await start();
    const lab = await labOf(app);
    expect(await failureOf(lab.wait(ask(1), { timeoutMs: 500 }))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    expect(state.calls[0]!.deadline).toBeInstanceOf(Date);
    await until(() => state.calls[0]!.signal.aborted);
    state.latch.open();
  });

  it('is refused above the limit of calls', async () => {
    const { app, state } = await start({ options: { limits: { maxCalls: 2 } } });
    const lab = await labOf(app);
    const waiting = [lab.wait(ask(1)), lab.wait(ask(2))];
    expect(await failureOf(lab.wait(ask(3)))).toMatchObject({ code: 'TOO_MANY_CALLS' });
    state.latch.open();
    expect((await Promise.all(waiting)).map(({ count }) => count)).toEqual([1, 2]);
  });

  it('gets the reply after a lost connection, and the method runs once', async () => {
    const { app, state } = await start();
    const link = await Link.to(app.port);
    const lab = await labOf(link);
    const waiting = lab.wait(ask(7));
    await until(() => state.log.length);
    link.cut();
    await until(() => app.streams.counters().connections === 1);
    state.latch.open();

    expect(await waiting).toMatchObject({ count: 7 });
    expect(state.log).toEqual(['wait 7', 'waited 7']);
    link.close();
  });

  it('tells what it has of a stream of items when its connection is lost', async () => {
    const { app, state } = await start();
    const link = await Link.to(app.port);
    const lab = await labOf(link);
    const some = read(lab.held(ask(1)));
    const none = failureOf(Promise.resolve(lab.collect(ask(9), [part('a')])));
    await until(() => state.calls.length === 2);
    await lab.add(ask(1));
    link.cut();

    expect(await some).toEqual(['first', 'CALL_LOST']);
    expect(await none).toMatchObject({ code: 'UNCERTAIN' });
    state.latch.open();
    link.close();
  });

  it('finishes its calls on the server that goes away', async () => {
    const { app, state } = await start({ options: { shutdown: { deadlineMs: 600, spreadMs: 0 } } });
    const lab = await labOf(app);
    const waiting = lab.wait(ask(1));
    await until(() => state.calls.length);
    const closing = app.app.close();
    state.latch.open();
    expect(await waiting).toMatchObject({ count: 1 });
    await closing;
  });

  it('leaves nothing behind', async () => {
    const { app, state } = await start();
    const client = await connected(
      createStreamClient<LabStreams>()({ ...towards(app), messages: [Ask, Part, Sum] }),
    );
    const reading = read(client.lab.held(ask(1)));
    await until(() => state.calls.length);
    await client.close();
    expect((await reading).at(-1)).toMatch(/CALL_LOST|UNCERTAIN/);
    state.latch.open();
    await untilNothingIsLeft(app);
    expect(state.log).toContain('finally');
  });
});
