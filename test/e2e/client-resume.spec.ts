import { createStreamClient, type ConnectionOptions, type StreamingCall } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import type { StreamsOf } from '@nestwire/streams';
import { Link } from '../rig/link.js';
import { until } from '../rig/until.js';
import { Ask, Lab, Part, startLab, Sum, type LabEndpoint } from './calls.app.js';
import { connected, failureOf, stopAll, towards, type RunningApp } from './start-app.js';

afterEach(stopAll);

type LabStreams = StreamsOf<{ lab: LabEndpoint }>;

const ask = (count: number) => create(Ask, { count });
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `${from + at}`);

async function labOf(target: Pick<RunningApp, 'port'>, options: Partial<ConnectionOptions> = {}) {
  const settings = { ...towards(target), auth: () => 'ann', ...options };
  const { lab } = await connected(
    createStreamClient<LabStreams>()({ ...settings, messages: [Ask, Part, Sum] }),
  );
  return lab;
}

/** Reads a call in the background; the texts, and then `end` or the code of the error, as they come. */
function reading(call: StreamingCall<Part>): string[] {
  const texts: string[] = [];
  const read = async () => {
    for await (const { text } of call) texts.push(text);
    texts.push('end');
  };
  read().catch((error: { code: string }) => texts.push(error.code));
  return texts;
}

describe('A client with a resumable call', () => {
  it('continues after a lost connection: every item once, then the end', async () => {
    const app = await startLab();
    const state = app.get(Lab);
    const link = await Link.to(app.port);
    const lab = await labOf(link);
    const texts = reading(lab.tokens(ask(30)));
    for (const allowed of [3, 9, 15]) {
      state.allow(allowed);
      await until(() => texts.length === allowed);
      link.cut();
    }
    state.allow(30);
    await until(() => texts.at(-1) === 'end');

    expect(texts).toEqual([...numbers(1, 30), 'end']);
    expect(state.log).toEqual(['begin 30', 'finally']);
    link.close();
  });

  it('continues when its connection is lost before the first item', async () => {
    const app = await startLab();
    const state = app.get(Lab);
    const link = await Link.to(app.port);
    const lab = await labOf(link);
    const texts = reading(lab.tokens(ask(2)));
    const later = lab.later(ask(5));
    await until(() => state.log.length === 2);
    link.cut();
    await until(() => app.streams.counters().connections === 1);
    state.allow(2);
    state.latch.open();
    await until(() => texts.at(-1) === 'end');

    expect(texts).toEqual(['1', '2', 'end']);
    expect(await later).toMatchObject({ count: 5 });
    expect(state.log.filter((line) => /begin|later/.test(line))).toHaveLength(2);
    link.close();
  });

  it('is left by its loop, and continued by its id on another device', async () => {
    const app = await startLab();
    const state = app.get(Lab);
    const lab = await labOf(app);
    const call = lab.tokens(ask(10));
    state.allow(4);
    for await (const { text } of call) if (text === '2') break;
    state.allow(10);
    const other = await labOf(app);
    const texts = reading(other.tokens.resume(call.id));
    await until(() => texts.at(-1) === 'end');

    expect(texts).toEqual([...numbers(1, 10), 'end']);
    expect(state.calls[0]!.signal.aborted).toBe(false);
  });

  it('is cancelled after its loop was left, and from another device', async () => {
    const app = await startLab();
    const state = app.get(Lab);
    const lab = await labOf(app);
    const call = lab.tokens(ask(10));
    state.allow(1);
    for await (const _ of call) break;
    await call.cancel();
    await until(() => state.calls[0]!.signal.aborted);

    const second = lab.tokens(ask(10));
    const texts = reading(second);
    await until(() => texts.length === 1);
    const other = await labOf(app);
    await other.tokens.resume(second.id).cancel();
    await until(() => state.calls[1]!.signal.aborted);
    await until(() => texts.length === 2);
    expect(texts[1]).toMatch(/CANCELLED|CALL_TAKEN_OVER/);
  });

  it('loses it to the reader that takes over', async () => {
    const app = await startLab();
    const state = app.get(Lab);
    const lab = await labOf(app);
    const call = lab.tokens(ask(3));
    const first = reading(call);
    state.allow(1);
    await until(() => first.length === 1);
    const second = reading((await labOf(app)).tokens.resume(call.id));
    await until(() => first.length === 2);
    state.allow(3);
    await until(() => second.at(-1) === 'end');

    expect([first, second]).toEqual([
      ['1', 'CALL_TAKEN_OVER'],
      ['1', '2', '3', 'end'],
    ]);
  });

  it('cannot continue the call of another user, one that is unknown, or one that is not resumable', async () => {
    const app = await startLab();
    const lab = await labOf(app);
    const call = lab.tokens(ask(3));
    reading(call);
    await until(() => app.get(Lab).calls.length);
    const bob = await labOf(app, { auth: () => 'bob' });
    const codeOf = (resumed: StreamingCall<Part>) =>
      failureOf(resumed[Symbol.asyncIterator]().next()).then(({ code }) => code);

    expect(await codeOf(bob.tokens.resume(call.id))).toBe('CALL_UNKNOWN');
    expect(await codeOf(lab.tokens.resume('x'.repeat(22)))).toBe('CALL_UNKNOWN');
    expect(await codeOf(lab.parts.resume(call.id))).toBe('NOT_RESUMABLE');
  });

  it('is told how many items it has when no server knows the call any more', async () => {
    const [app, next] = [await startLab(), await startLab()];
    const link = await Link.to(app.port);
    const lab = await labOf(link);
    const reader = lab.tokens(ask(10))[Symbol.asyncIterator]();
    app.get(Lab).allow(2);
    await reader.next();
    await reader.next();
    const failure = failureOf(reader.next());
    link.target = next.port;
    link.cut();

    expect(await failure).toMatchObject({ code: 'CALL_LOST', received: 2, cause: { code: 'CALL_UNKNOWN' } });
    link.close();
  });
});
