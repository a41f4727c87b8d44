import { createHash } from 'node:crypto';
import { RedisBroker } from '@nestwire/messages/redis';
import { RawSocket } from '../rig/raw-socket.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { Lab, startLab } from './calls.app.js';
import { stopAll, untilNothingIsLeft, type RunningApp } from './start-app.js';

afterEach(stopAll);

type Frame = Record<string, unknown>;

const ID = 'Vq0fZ4p2QeS6n8T1bK3mXw';
const CLIENT = 'c'.repeat(22);

function ask(id: number, count: number, more: object = {}): Frame {
  return {
    ...{ t: 'call', id, stream: 'lab', method: 'tokens', type: 'calls.ask', data: { count } },
    ...{ window: 64, callId: ID, ...more },
  };
}

function attach(id: number, received: number, more: object = {}): Frame {
  return {
    t: 'attach',
    id,
    ...{ stream: 'lab', method: 'tokens', callId: ID, received, window: 64, ...more },
  };
}

/** Connects as a user, or as an anonymous client without a token. */
async function enter(target: RunningApp, token?: string, client = CLIENT): Promise<RawSocket> {
  const raw = await RawSocket.upgrade(target.port);
  raw.sendJson({ t: 'hello', v: 1, client, token });
  raw.sendJson({ t: 'open', id: 1, endpoint: 'lab' });
  await raw.frame('opened');
  return raw;
}

function of(raw: RawSocket, call: number): Frame[] {
  return raw.frames.filter((frame) => frame.call === call || (frame.t === 'error' && frame.id === call));
}

function textsOf(raw: RawSocket, call: number): unknown[] {
  return of(raw, call)
    .filter(({ t }) => t === 'item')
    .map(({ data }) => (data as { text: string }).text);
}

function codeOf(frame: Frame | undefined): unknown {
  return (frame?.error as { code?: string } | undefined)?.code;
}

async function endOf(raw: RawSocket, call: number): Promise<Frame> {
  const isEnd = ({ t }: Frame): boolean => t === 'reply' || t === 'end' || t === 'error';
  await raw.until(() => of(raw, call).some(isEnd));
  return of(raw, call).at(-1)!;
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, at) => `${from + at}`);
}

/** Starts a call with five items, of which all have come, and loses its connection. */
async function interrupted(target: RunningApp, count = 12, token?: string): Promise<void> {
  const raw = await enter(target, token);
  raw.sendJson(ask(2, count));
  target.get(Lab).allow(5);
  await raw.until(() => textsOf(raw, 2).length === 5);
  raw.destroy();
}

function describeResumable(start: () => Promise<RunningApp>): void {
  it('brings its items and its end like any other', async () => {
    const target = await start();
    const raw = await enter(target);
    target.get(Lab).allow(100);

    raw.sendJson(ask(2, 12));

    expect(await endOf(raw, 2)).toEqual({ t: 'end', call: 2 });
    expect(textsOf(raw, 2)).toEqual(numbers(1, 12));
    expect(of(raw, 2).map(({ n }) => n)).toEqual([...numbers(1, 12).map(Number), undefined]);
    expect(target.get(Lab).log).toEqual(['begin 12', 'finally']);
  });

  it('continues after a lost connection with every item once and in order', async () => {
    const target = await start();
    await interrupted(target);
    target.get(Lab).allow(9);

    const raw = await enter(target);
    raw.sendJson(attach(2, 5));
    await raw.until(() => textsOf(raw, 2).length === 4);
    target.get(Lab).allow(100);

    expect(await endOf(raw, 2)).toEqual({ t: 'end', call: 2 });
    expect(textsOf(raw, 2)).toEqual(numbers(6, 12));
    expect(of(raw, 2)[0]).toMatchObject({ n: 6 });
    expect(target.get(Lab).log).toEqual(['begin 12', 'finally']);
  });

  it('continues from its beginning when the same call is sent again', async () => {
    const target = await start();
    await interrupted(target);
    target.get(Lab).allow(100);

    const raw = await enter(target);
    raw.sendJson(ask(9, 12, { redelivered: true }));

    await endOf(raw, 9);
    expect(textsOf(raw, 9)).toEqual(numbers(1, 12));
    expect(target.get(Lab).log).toEqual(['begin 12', 'finally']);
  });

  it('has its end and its error stored', async () => {
    const target = await start();
    await interrupted(target, 7);
    target.get(Lab).allow(100);
    await until(() => target.get(Lab).log.includes('finally'));

    const raw = await enter(target);
    raw.sendJson(attach(2, 6));

    expect(codeOf(await endOf(raw, 2))).toBe('SOLD_OUT');
    expect(textsOf(raw, 2)).toEqual(['7']);
  });

  it('pauses while too many items are unread, and continues when they are read', async () => {
    const target = await start();
    const raw = await enter(target);
    target.get(Lab).allow(1_000);

    raw.sendJson(ask(2, 100, { window: 5 }));
    await raw.until(() => textsOf(raw, 2).length === 5);
    await until(() => target.get(Lab).pulled >= 20);
    raw.sendJson({ t: 'ping' });
    await raw.frame('pong');
    const { pulled } = target.get(Lab);
    expect(pulled).toBeLessThanOrEqual(21);
    raw.destroy();

    const next = await enter(target);
    next.sendJson(attach(3, 5, { window: 64 }));
    await next.until(() => {
      const received = textsOf(next, 3).length;
      next.sendJson({ t: 'credit', call: 3, consumed: 5 + received });
      return received === 95;
    });
    expect(textsOf(next, 3)).toEqual(numbers(6, 100));
  });

  it('moves to a second reader, and tells the first one', async () => {
    const target = await start();
    const first = await enter(target, 'ada');
    first.sendJson(ask(2, 12));
    target.get(Lab).allow(5);
    await first.until(() => textsOf(first, 2).length === 5);

    const second = await enter(target, 'ada', 'd'.repeat(22));
    second.sendJson(attach(2, 0));

    expect(codeOf(await endOf(first, 2))).toBe('CALL_TAKEN_OVER');
    target.get(Lab).allow(100);
    await endOf(second, 2);
    expect(textsOf(second, 2)).toEqual(numbers(1, 12));
  });

  it('is cancelled by its id while it waits for its stream', async () => {
    const target = await start();
    target.get(Lab).allow(100);
    const raw = await RawSocket.upgrade(target.port);
    raw.sendJson({ t: 'hello', v: 1, client: CLIENT });
    raw.sendJson({ t: 'open', id: 1, endpoint: 'lab' });

    raw.sendJson(ask(2, 12));
    raw.sendJson({ t: 'cancel', id: 3, stream: 'lab', method: 'tokens', callId: ID });

    expect(await endOf(raw, 3)).toEqual({ t: 'reply', call: 3 });
    expect(codeOf(await endOf(raw, 2))).toBe('CANCELLED');
    expect(textsOf(raw, 2)).toEqual([]);
    expect(target.get(Lab).log).toEqual([]);
  });

  it.each([
    ['another user', 'bob', CLIENT],
    ['an anonymous client', undefined, CLIENT],
  ])('is unknown to %s', async (_, token, client) => {
    const target = await start();
    await interrupted(target, 12, 'ada');

    const raw = await enter(target, token, client);
    raw.sendJson(attach(2, 5));
    raw.sendJson({ t: 'cancel', id: 3, stream: 'lab', method: 'tokens', callId: ID });
    raw.sendJson(attach(4, 5, { callId: 'Vq0fZ4p2QeS6n8T1bK3mXX' }));

    for (const id of [2, 3, 4]) expect(codeOf(await endOf(raw, id))).toBe('CALL_UNKNOWN');
    expect(target.get(Lab).calls[0]!.signal.aborted).toBe(false);
  });

  it('is unknown to another anonymous client', async () => {
    const target = await start();
    await interrupted(target);

    const raw = await enter(target, undefined, 'd'.repeat(22));
    raw.sendJson(attach(2, 5));

    expect(codeOf(await endOf(raw, 2))).toBe('CALL_UNKNOWN');
  });

  it('has its guards asked again', async () => {
    const target = await start();
    const raw = await enter(target);

    raw.sendJson(ask(2, 13));
    expect(codeOf(await endOf(raw, 2))).toBe('FORBIDDEN');
    raw.sendJson(attach(3, 0));

    expect(codeOf(await endOf(raw, 3))).toBe('CALL_UNKNOWN');
    expect(target.get(Lab).log).toEqual([]);
  });

  it('runs on after a detach, and is cancelled by its id', async () => {
    const target = await start();
    const raw = await enter(target, 'ada');
    raw.sendJson(ask(2, 12));
    target.get(Lab).allow(5);
    await raw.until(() => textsOf(raw, 2).length === 5);

    raw.sendJson({ t: 'detach', call: 2 });
    raw.sendJson({ t: 'ping' });
    await raw.frame('pong');
    expect(target.get(Lab).calls[0]!.signal.aborted).toBe(false);
    const other = await enter(target, 'ada', 'd'.repeat(22));
    other.sendJson({ t: 'cancel', id: 7, stream: 'lab', method: 'tokens', callId: ID });

    expect(await endOf(other, 7)).toEqual({ t: 'reply', call: 7 });
    await until(() => target.get(Lab).log.includes('finally'));
    other.sendJson(attach(8, 5));
    expect(codeOf(await endOf(other, 8))).toBe('CANCELLED');
  });

  it('is cancelled by its reader', async () => {
    const target = await start();
    const raw = await enter(target);
    raw.sendJson(ask(2, 12));
    target.get(Lab).allow(5);
    await raw.until(() => textsOf(raw, 2).length === 5);

    raw.sendJson({ t: 'cancel', call: 2 });

    expect(codeOf(await endOf(raw, 2))).toBe('CANCELLED');
    await until(() => target.get(Lab).log.includes('finally'));
  });

  it('is forgotten after its time without a reader', async () => {
    const target = await start();
    const raw = await enter(target);
    raw.sendJson({ ...ask(2, 5), method: 'brief' });
    await raw.until(() => textsOf(raw, 2).length === 1);

    raw.destroy();

    await until(() => target.get(Lab).log.includes('finally'));
    const next = await enter(target);
    await until(async () => {
      next.sendJson(attach(9, 0, { method: 'brief' }));
      return codeOf(await endOf(next, 9)) === 'CALL_UNKNOWN';
    });
    next.destroy();
    await untilNothingIsLeft(target);
  });

  it('replies once, also to a second reader', async () => {
    const target = await start();
    const raw = await enter(target);
    raw.sendJson({ ...ask(2, 5), method: 'later' });
    await until(() => target.get(Lab).log.length === 1);
    raw.destroy();

    const next = await enter(target);
    next.sendJson(attach(3, 0, { method: 'later' }));
    target.get(Lab).latch.open();

    expect(await endOf(next, 3)).toEqual({
      t: 'reply',
      call: 3,
      type: 'calls.sum',
      data: { count: 5, text: '' },
    });
  });
}

describe('A resumable call in one process', () => {
  describeResumable(() => startLab());

  it('is refused above the number of resumable calls of a user', async () => {
    const target = await startLab({ options: { limits: { maxResumableCalls: 1 } } });
    const raw = await enter(target);

    raw.sendJson(ask(2, 5));
    await until(() => target.get(Lab).log.length === 1);
    raw.sendJson(ask(3, 5, { callId: 'Vq0fZ4p2QeS6n8T1bK3mXX' }));
    expect(codeOf(await endOf(raw, 3))).toBe('TOO_MANY_CALLS');
    target.get(Lab).allow(100);
    await endOf(raw, 2);
    await until(() => target.get(Lab).log.includes('finally'));
    raw.sendJson(ask(4, 5, { callId: 'Vq0fZ4p2QeS6n8T1bK3mXX' }));

    expect((await endOf(raw, 4)).t).toBe('end');
  });
});

describeWithRedis('A resumable call over Redis', (redis) => {
  const start = () => startLab({ options: { redis: redis().url } });

  // All tests use one call id.
  beforeEach(() => redis().call('FLUSHALL'));

  describe('in one process', () => describeResumable(start));

  it('continues on another server, and is cancelled from there', async () => {
    const [a, b] = [await start(), await start()];
    await interrupted(a, 30, 'ada');

    const raw = await enter(b, 'ada', 'd'.repeat(22));
    raw.sendJson(attach(2, 3));
    await raw.until(() => textsOf(raw, 2).length === 2);
    a.get(Lab).allow(20);
    await raw.until(() => textsOf(raw, 2).length === 17);
    raw.sendJson({ t: 'cancel', call: 2 });

    expect(codeOf(await endOf(raw, 2))).toBe('CANCELLED');
    expect(textsOf(raw, 2)).toEqual(numbers(4, 20));
    await until(() => a.get(Lab).log.includes('finally'));
    expect(b.get(Lab).log).toEqual([]);
  });

  it('belongs to the reader that attached last, also on a server that has had no call', async () => {
    const [a, b] = [await start(), await start()];
    await interrupted(a, 12, 'ada');
    const raw = await enter(b, 'ada');
    raw.sendJson(attach(2, 0));
    raw.sendJson(attach(3, 0));

    expect(codeOf(await endOf(raw, 2))).toBe('CALL_TAKEN_OVER');
    a.get(Lab).allow(100);
    expect(await endOf(raw, 3)).toEqual({ t: 'end', call: 3 });
    expect(textsOf(raw, 3)).toEqual(numbers(1, 12));
  });

  it('goes beyond the unread items while a reader on another server reads', async () => {
    const [a, b] = [await start(), await start()];
    await interrupted(a, 200, 'ada');
    a.get(Lab).allow(1_000);

    const raw = await enter(b, 'ada');
    raw.sendJson(attach(2, 5));
    await raw.until(() => {
      const received = textsOf(raw, 2).length;
      raw.sendJson({ t: 'credit', call: 2, consumed: 5 + received });
      return received === 195;
    });

    expect(textsOf(raw, 2)).toEqual(numbers(6, 200));
    expect((await endOf(raw, 2)).t).toBe('end');
  });

  it('ends with a code when its server stops, after the stored items', async () => {
    const [a, b] = [await start(), await start()];
    await interrupted(a, 30, 'ada');
    const raw = await enter(b, 'ada');
    raw.sendJson(attach(2, 0));
    await raw.until(() => textsOf(raw, 2).length === 5);

    await a.app.close();

    expect(codeOf(await endOf(raw, 2))).toBe('CALL_LOST');
    expect(textsOf(raw, 2)).toEqual(numbers(1, 5));
  });

  it('ends with a code when its server has died, after the stored items', async () => {
    const target = await start();
    const broker = new RedisBroker(redis().url);
    await broker.start({ receive: () => undefined, statusChanged: () => undefined });
    const name = JSON.stringify([ID, 'tokens', 'lab', 'user:ada']);
    const key = createHash('sha256').update(name).digest('base64url');
    // The keys of a server that confirms once that it is alive, and then dies.
    const request = JSON.stringify({ type: 'calls.ask', data: { count: 9 } });
    await broker.calls.create({ key, owner: 'dead', request, ttlMs: 60_000 });
    await broker.calls.append(key, ['10:calls.part{"text":"1"}', '10:calls.part{"text":"2"}']);
    await broker.calls.renew('dead', 3_000);

    const raw = await enter(target, 'ada');
    raw.sendJson(attach(2, 0));
    await raw.until(() => textsOf(raw, 2).length === 2);

    expect(codeOf(await endOf(raw, 2))).toBe('CALL_LOST');
    expect((await broker.calls.read(key, 0, 1))?.state.end).toContain('CALL_LOST');
    await broker.close();
  });

  it('ends with UNAVAILABLE after the last stored item when the store fails', async () => {
    const target = await startLab({ options: { redis: { connection: redis().url, commandTimeoutMs: 300 } } });
    const raw = await enter(target);
    raw.sendJson(ask(2, 30));
    target.get(Lab).allow(5);
    await raw.until(() => textsOf(raw, 2).length === 5);
    await redis().stop();
    target.get(Lab).allow(8);

    expect(codeOf(await endOf(raw, 2))).toBe('UNAVAILABLE');
    expect(textsOf(raw, 2)).toEqual(numbers(1, 5));
    await until(() => target.get(Lab).log.includes('finally'));
  });
});
