import { RawSocket } from '../rig/raw-socket.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { Lab, startLab } from './calls.app.js';
import { stopAll, untilNothingIsLeft, type RunningApp } from './start-app.js';

afterEach(stopAll);

type Frame = Record<string, unknown>;

const CALL_ID = 'Vq0fZ4p2QeS6n8T1bK3mXw';

function ask(id: number, method: string, count = 1, more: object = {}): Frame {
  return { t: 'call', id, stream: 'lab', method, type: 'calls.ask', data: { count }, window: 64, ...more };
}

function part(call: number, text: string): Frame {
  return { t: 'item', call, type: 'calls.part', data: { text } };
}

/** Connects, and opens the stream of the lab with the frame 1. */
async function lab(target: RunningApp, token?: string): Promise<RawSocket> {
  const raw = await RawSocket.hello(target.port, token);
  raw.sendJson({ t: 'open', id: 1, endpoint: 'lab' });
  return raw;
}

/** The frames of one call that came so far. */
function of(raw: RawSocket, call: number): Frame[] {
  return raw.frames.filter((frame) => frame.call === call || (frame.t === 'error' && frame.id === call));
}

/** Resolves with all frames of a call, when its end has come. */
async function allOf(raw: RawSocket, call: number): Promise<Frame[]> {
  const isEnd = ({ t }: Frame): boolean => t === 'reply' || t === 'end' || t === 'error';
  await raw.until(() => of(raw, call).some(isEnd));
  return of(raw, call);
}

function textsOf(frames: readonly Frame[]): unknown[] {
  return frames.filter(({ t }) => t === 'item').map(({ data }) => (data as { text: string }).text);
}

function codeOf(frame: Frame | undefined): string | undefined {
  return (frame?.error as { code?: string } | undefined)?.code;
}

describe('A call', () => {
  it('is answered with one reply, a message or nothing', async () => {
    const raw = await lab(await startLab());

    raw.sendJson(ask(2, 'add', 41));
    raw.sendJson(ask(3, 'nothing'));

    expect(await allOf(raw, 2)).toEqual([
      { t: 'reply', call: 2, type: 'calls.sum', data: { count: 42, text: '' } },
    ]);
    expect(await allOf(raw, 3)).toEqual([{ t: 'reply', call: 3 }]);
  });

  it('runs beside other calls and messages, and only once its stream is open', async () => {
    const target = await startLab();
    const raw = await lab(target, 'late');

    raw.sendJson(ask(2, 'wait'));
    raw.sendJson(ask(3, 'add', 1));
    raw.sendJson({ t: 'ping' });
    await raw.frame('pong');
    expect(target.get(Lab).log).toEqual([]);
    target.get(Lab).opening.open();

    expect(await allOf(raw, 3)).toMatchObject([{ t: 'reply' }]);
    expect(raw.frames.findIndex(({ t }) => t === 'opened')).toBeLessThan(
      raw.frames.findIndex(({ t }) => t === 'reply'),
    );
    target.get(Lab).latch.open();
    expect(await allOf(raw, 2)).toMatchObject([{ t: 'reply', data: { text: 'false' } }]);
  });

  it('is refused with the error of its stream', async () => {
    const raw = await lab(await startLab(), 'refused');

    raw.sendJson(ask(2, 'add'));

    expect((await allOf(raw, 2)).map(codeOf)).toEqual(['FORBIDDEN']);
  });

  it.each([
    [ask(2, 'missing'), 'UNKNOWN_METHOD'],
    [ask(2, 'constructor'), 'UNKNOWN_METHOD'],
    [ask(2, 'opened'), 'UNKNOWN_METHOD'],
    [{ ...ask(2, 'add'), stream: 'nowhere' }, 'UNKNOWN_ENDPOINT'],
    [{ ...ask(2, 'add'), type: 'calls.part' }, 'UNKNOWN_MESSAGE'],
    [{ ...ask(2, 'add'), data: { count: 'x' } }, 'INVALID_MESSAGE'],
    [{ ...ask(2, 'add'), data: { count: 1, more: 1 } }, 'INVALID_MESSAGE'],
    [ask(2, 'add', 1, { items: true }), 'BAD_FRAME'],
    [ask(2, 'fail', 1), 'SOLD_OUT'],
    [ask(2, 'fail', 2), 'INVALID_MESSAGE'],
    [ask(2, 'fail', 3), 'INTERNAL'],
    [ask(2, 'fail', 4), 'INTERNAL'],
    [ask(2, 'fail', 5), 'INTERNAL'],
    [
      { t: 'attach', id: 2, stream: 'lab', method: 'parts', callId: CALL_ID, received: 0, window: 1 },
      'NOT_RESUMABLE',
    ],
    [{ t: 'cancel', id: 2, stream: 'lab', method: 'parts', callId: CALL_ID }, 'NOT_RESUMABLE'],
    [{ t: 'cancel', id: 2, stream: 'lab', method: 'missing', callId: CALL_ID }, 'UNKNOWN_METHOD'],
  ])('is answered with its coded error: %j', async (frame, code) => {
    const raw = await lab(await startLab());

    raw.sendJson(frame);

    const [error, ...others] = await allOf(raw, 2);
    expect(codeOf(error)).toBe(code);
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(others).toEqual([]);
  });

  it('goes through guards, pipes, interceptors, filters and decorators of parameters', async () => {
    const raw = await lab(await startLab(), 'ada');

    for (const [id, count] of [
      [2, 5],
      [3, 13],
      [4, 4],
    ] as const)
      raw.sendJson(ask(id, 'enhanced', count));

    expect(await allOf(raw, 2)).toMatchObject([{ data: { count: 10, text: 'ada without id!' } }]);
    expect((await allOf(raw, 3)).map(codeOf)).toEqual(['FORBIDDEN']);
    expect(await allOf(raw, 4)).toMatchObject([{ error: { code: 'SOFT', message: 'eight in ws' } }]);
  });

  it('has the errors of its items go through filters', async () => {
    const raw = await lab(await startLab());

    raw.sendJson(ask(2, 'filtered', 1));

    const frames = await allOf(raw, 2);
    expect(textsOf(frames)).toEqual(['1']);
    expect(codeOf(frames.at(-1))).toBe('SOFT');
  });

  it('gives its method an id, the session, the user and the deadline', async () => {
    const target = await startLab();
    const raw = await lab(target, 'ada');

    raw.sendJson(ask(2, 'add', 1, { callId: CALL_ID, timeoutMs: 60_000 }));
    raw.sendJson(ask(3, 'add'));
    await allOf(raw, 3);

    const [first, second] = target.get(Lab).calls;
    expect(first).toMatchObject({ id: CALL_ID, user: { id: 'ada' }, params: undefined });
    expect(first!.deadline!.getTime() - Date.now()).toBeGreaterThan(50_000);
    expect(second!.deadline).toBeUndefined();
    expect(second!.id).not.toBe(first!.id);
    expect(second!.session).toBe(first!.session);
  });

  it('counts against the calls of its stream until its method has settled', async () => {
    const target = await startLab({ options: { limits: { maxCalls: 2 } } });
    const raw = await lab(target);

    for (const id of [2, 3, 4]) raw.sendJson(ask(id, 'wait', id));
    expect((await allOf(raw, 4)).map(codeOf)).toEqual(['TOO_MANY_CALLS']);
    raw.sendJson({ t: 'cancel', call: 2 });
    raw.sendJson(ask(5, 'add'));

    expect((await allOf(raw, 2)).map(codeOf)).toEqual(['CANCELLED']);
    expect((await allOf(raw, 5)).map(codeOf)).toEqual(['TOO_MANY_CALLS']);
    target.get(Lab).latch.open();
    await allOf(raw, 3);
    raw.sendJson(ask(6, 'add'));
    expect(await allOf(raw, 6)).toMatchObject([{ t: 'reply' }]);
  });

  it('is refused for the id of a call without an end', async () => {
    const target = await startLab();
    const raw = await lab(target);

    raw.sendJson(ask(2, 'wait'));
    raw.sendJson(ask(2, 'add'));

    expect((await allOf(raw, 2)).map(codeOf)).toEqual(['DUPLICATE_ID']);
    target.get(Lab).latch.open();
    await raw.until(() => of(raw, 2).length === 2);
    expect(of(raw, 2)[1]).toMatchObject({ t: 'reply', call: 2 });
  });
});

describe('A stream of replies', () => {
  it.each(['parts', 'observed'])('brings each item once and in order, then the end: %s', async (method) => {
    const raw = await lab(await startLab());

    raw.sendJson(ask(2, method, 40));

    const frames = await allOf(raw, 2);
    expect(textsOf(frames)).toEqual(Array.from({ length: 40 }, (_, at) => `${at + 1}`));
    expect(frames.slice(0, 40).map(({ n }) => n)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
    expect(frames.at(-1)).toEqual({ t: 'end', call: 2 });
  });

  it.each([
    ['parts', 3],
    ['observed', 2],
  ])('ends with its error after the items before it: %s', async (method, count) => {
    const raw = await lab(await startLab());

    raw.sendJson(ask(2, method, count));

    const frames = await allOf(raw, 2);
    expect(textsOf(frames)).toHaveLength(count);
    expect(codeOf(frames.at(-1))).toBe('SOLD_OUT');
  });

  it('is not pulled beyond the window of the client, and continues with its credit', async () => {
    const target = await startLab();
    const raw = await lab(target);

    raw.sendJson(ask(2, 'parts', 100, { window: 5 }));
    await raw.until(() => of(raw, 2).length === 5);
    raw.sendJson(ask(3, 'add'));
    await allOf(raw, 3);
    expect(target.get(Lab).pulled).toBe(5);
    raw.sendJson({ t: 'credit', call: 2, consumed: 3 });
    await raw.until(() => of(raw, 2).length === 8);
    raw.sendJson({ t: 'credit', call: 2, consumed: 2 });
    raw.sendJson(ask(4, 'add'));
    await allOf(raw, 4);

    expect(of(raw, 2)).toHaveLength(8);
    expect(target.get(Lab).pulled).toBe(8);
  });

  it('has at most callWindow items and callWindowBytes in flight, whatever the client asks for', async () => {
    const target = await startLab({ options: { limits: { callWindow: 4, callWindowBytes: 120_000 } } });
    const raw = await lab(target);

    raw.sendJson(ask(2, 'parts', 100, { window: 1_000_000 }));
    raw.sendJson(ask(3, 'large', 10));
    await raw.until(() => of(raw, 2).length === 4 && of(raw, 3).length === 2);
    raw.sendJson(ask(4, 'add'));
    await allOf(raw, 4);

    expect(of(raw, 2)).toHaveLength(4);
    expect(of(raw, 3)).toHaveLength(2);
    raw.sendJson({ t: 'credit', call: 3, consumed: 1 });
    await raw.until(() => of(raw, 3).length === 3);
  });

  it('sends an item that is larger than the window alone', async () => {
    const target = await startLab({ options: { limits: { callWindowBytes: 1_000 } } });
    const raw = await lab(target);

    raw.sendJson(ask(2, 'large', 3));
    for (let consumed = 1; consumed <= 3; consumed++) {
      await raw.until(() => of(raw, 2).length >= consumed);
      expect(of(raw, 2)).toHaveLength(consumed);
      raw.sendJson({ t: 'credit', call: 2, consumed });
    }

    expect((await allOf(raw, 2)).at(-1)).toEqual({ t: 'end', call: 2 });
  });

  it('ends an Observable that emits more than may wait', async () => {
    const target = await startLab({ options: { limits: { maxObservedItems: 50 } } });
    const raw = await lab(target);

    raw.sendJson(ask(2, 'observed', 51, { window: 10 }));
    await raw.until(() => of(raw, 2).length === 10);
    raw.sendJson({ t: 'credit', call: 2, consumed: 10 });
    await raw.until(() => of(raw, 2).length === 20);
    for (let consumed = 20; consumed <= 40; consumed += 10) {
      raw.sendJson({ t: 'credit', call: 2, consumed });
      await raw.until(() => textsOf(of(raw, 2)).length === consumed + 10);
    }
    raw.sendJson({ t: 'credit', call: 2, consumed: 50 });

    const frames = await allOf(raw, 2);
    expect(codeOf(frames.at(-1))).toBe('READER_OVERFLOW');
    expect(textsOf(frames)).toHaveLength(50);
  });
});

describe('Cancellation', () => {
  it.each([
    ['a cancel', (raw: RawSocket) => raw.sendJson({ t: 'cancel', call: 2 }), 'CANCELLED'],
    [
      'the close of the stream',
      (raw: RawSocket) => raw.sendJson({ t: 'close', id: 9, stream: 'lab' }),
      'SESSION_CLOSED',
    ],
    [
      'another identity',
      (raw: RawSocket) => raw.sendJson({ t: 'auth', id: 9, token: 'bob' }),
      'IDENTITY_CHANGED',
    ],
  ])('ends a generator once after %s, when its await settles', async (_, end, code) => {
    const target = await startLab();
    const raw = await lab(target, 'ada');
    raw.sendJson(ask(2, 'held'));
    await raw.until(() => of(raw, 2).length === 1);

    end(raw);

    const frames = await allOf(raw, 2);
    expect(codeOf(frames.at(-1))).toBe(code);
    const { log, calls, latch } = target.get(Lab);
    expect(calls[0]!.signal.aborted).toBe(true);
    expect((calls[0]!.signal.reason as { code: string }).code).toBe(code);
    expect(log).toEqual([]);
    latch.open();
    await until(() => log.length > 0);
    expect(log).toEqual(['finally']);
    expect(textsOf(frames)).toEqual(['first']);
  });

  it('ends the generator of a lost connection, and leaves nothing', async () => {
    const target = await startLab();
    const raw = await lab(target);
    raw.sendJson(ask(2, 'parts', 1_000_000, { window: 2 }));
    await raw.until(() => of(raw, 2).length === 2);

    raw.destroy();

    await untilNothingIsLeft(target);
    expect(target.get(Lab).log).toEqual(['finally']);
    expect(target.get(Lab).calls[0]!.signal.aborted).toBe(true);
  });

  it('comes with the deadline of the call', async () => {
    const target = await startLab();
    const raw = await lab(target);

    raw.sendJson(ask(2, 'wait', 1, { timeoutMs: 20 }));

    expect((await allOf(raw, 2)).map(codeOf)).toEqual(['DEADLINE_EXCEEDED']);
    expect(target.get(Lab).calls[0]!.signal.aborted).toBe(true);
  });

  it('has no effect after the end', async () => {
    const target = await startLab();
    const raw = await lab(target);

    raw.sendJson(ask(2, 'add'));
    await allOf(raw, 2);
    raw.sendJson({ t: 'cancel', call: 2 });
    raw.sendJson({ t: 'cancel', call: 77 });
    raw.sendJson({ t: 'ping' });
    await raw.frame('pong');

    expect(of(raw, 2)).toMatchObject([{ t: 'reply' }]);
    expect(raw.frames.filter(({ t }) => t === 'error')).toEqual([]);
    expect(target.get(Lab).calls[0]!.signal.aborted).toBe(false);
  });
});

describe('Items of the client', () => {
  it('arrive in order and end with the reply', async () => {
    const raw = await lab(await startLab());

    raw.sendJson(ask(2, 'collect', 0, { items: true }));
    for (const text of ['a', 'b', 'c']) raw.sendJson(part(2, text));
    raw.sendJson({ t: 'end', call: 2 });

    expect(await allOf(raw, 2)).toMatchObject([{ t: 'reply', data: { count: 3, text: 'abc' } }]);
  });

  it('are none when the call does not announce them', async () => {
    const raw = await lab(await startLab());

    raw.sendJson(ask(2, 'collect', 0));

    expect(await allOf(raw, 2)).toMatchObject([{ t: 'reply', data: { count: 0 } }]);
  });

  it('go both ways with credit, far beyond the window', async () => {
    const target = await startLab({
      options: { limits: { callWindow: 4, framesPerSecond: 100_000, bytesPerSecond: 1e9 } },
    });
    const raw = await lab(target);
    let consumed = 0;

    raw.sendJson(ask(2, 'echo', 0, { items: true }));
    for (let sent = 0; sent < 100; sent++) {
      await raw.until(() => {
        for (const frame of of(raw, 2)) if (frame.t === 'credit') consumed = frame.consumed as number;
        return sent - consumed < 4;
      });
      raw.sendJson(part(2, `${sent}`));
      raw.sendJson({ t: 'credit', call: 2, consumed: textsOf(of(raw, 2)).length });
    }
    raw.sendJson({ t: 'end', call: 2 });
    await raw.until(() => {
      const received = textsOf(of(raw, 2)).length;
      raw.sendJson({ t: 'credit', call: 2, consumed: received });
      return received === 100;
    });

    expect(textsOf(await allOf(raw, 2))).toEqual(Array.from({ length: 100 }, (_, at) => `${at}`));
  });

  it('are refused with the call when one is invalid', async () => {
    const target = await startLab();
    const raw = await lab(target);

    raw.sendJson(ask(2, 'collect', 0, { items: true }));
    raw.sendJson(part(2, 'fine'));
    raw.sendJson({ t: 'item', call: 2, type: 'calls.part', data: { text: 7 } });

    expect((await allOf(raw, 2)).map(codeOf)).toEqual(['INVALID_MESSAGE']);
    await until(() => target.get(Lab).log.length === 2);
    expect(target.get(Lab).log).toEqual(['item fine', 'failed INVALID_MESSAGE']);
  });

  it('reach the method as an error when the iterable of the client has failed', async () => {
    const raw = await lab(await startLab());

    raw.sendJson(ask(2, 'collect', 0, { items: true }));
    raw.sendJson({ t: 'end', call: 2, error: { code: 'READ_FAILED', message: 'no file' } });

    expect(await allOf(raw, 2)).toMatchObject([{ error: { code: 'READ_FAILED', message: 'no file' } }]);
  });

  it('never look complete to a method whose call was cancelled', async () => {
    const target = await startLab();
    const raw = await lab(target);

    raw.sendJson(ask(2, 'collect', 0, { items: true }));
    raw.sendJson(part(2, 'half'));
    await until(() => target.get(Lab).log.length === 1);
    raw.sendJson({ t: 'cancel', call: 2 });

    await until(() => target.get(Lab).log.length === 2);
    expect(target.get(Lab).log).toEqual(['item half', 'failed CANCELLED']);
  });

  it('may be left before their end', async () => {
    const raw = await lab(await startLab());

    raw.sendJson(ask(2, 'collect', 2, { items: true }));
    for (const text of ['a', 'b', 'c']) raw.sendJson(part(2, text));

    expect(await allOf(raw, 2)).toMatchObject([{ t: 'reply', data: { count: 2, text: 'ab' } }]);
  });
});

describe('A call that is sent again', () => {
  const CLIENT = 'c'.repeat(22);

  /** Connects as the same client. */
  async function again(target: RunningApp, client = CLIENT, token?: string): Promise<RawSocket> {
    const raw = await RawSocket.upgrade(target.port);
    raw.sendJson({ t: 'hello', v: 1, client, token });
    raw.sendJson({ t: 'open', id: 1, endpoint: 'lab' });
    await raw.frame('opened');
    return raw;
  }

  const REDELIVERED = { redelivered: true };

  it('gets the reply that the server remembers', async () => {
    const target = await startLab();
    const first = await again(target);
    first.sendJson(ask(7, 'add', 41));
    const [reply] = await allOf(first, 7);
    first.destroy();

    const second = await again(target);
    second.sendJson(ask(7, 'add', 41, REDELIVERED));

    expect(await allOf(second, 7)).toEqual([reply]);
    expect(target.get(Lab).calls).toHaveLength(1);
  });

  it('joins the method that still runs', async () => {
    const target = await startLab();
    const first = await again(target);
    first.sendJson(ask(7, 'wait'));
    await until(() => target.get(Lab).log.length === 1);
    first.destroy();

    const second = await again(target);
    second.sendJson(ask(7, 'wait', 1, REDELIVERED));
    await until(() => target.get(Lab).calls[0]!.signal.aborted);
    target.get(Lab).latch.open();

    expect(await allOf(second, 7)).toMatchObject([{ t: 'reply', data: { count: 1, text: 'true' } }]);
    expect(target.get(Lab).log).toEqual(['wait 1', 'waited 1']);
  });

  it('is uncertain when its method replies with items, which runs once', async () => {
    const [target, other] = [await startLab(), await startLab()];
    const first = await again(target);
    first.sendJson(ask(7, 'held'));
    await until(() => target.get(Lab).calls.length === 1);
    first.destroy();

    for (const next of [target, other]) {
      const second = await again(next);
      second.sendJson(ask(7, 'held', 1, REDELIVERED));
      expect((await allOf(second, 7)).map(codeOf)).toEqual(['UNCERTAIN']);
    }
    target.get(Lab).latch.open();

    await until(() => target.get(Lab).log.length === 1);
    expect([target.get(Lab).calls.length, other.get(Lab).calls.length]).toEqual([1, 0]);
  });

  it('gets the error that the server remembers', async () => {
    const target = await startLab();
    const first = await again(target);
    first.sendJson(ask(7, 'fail', 1));
    await allOf(first, 7);
    first.destroy();

    const second = await again(target);
    second.sendJson(ask(7, 'fail', 1, REDELIVERED));

    expect((await allOf(second, 7)).map(codeOf)).toEqual(['SOLD_OUT']);
  });

  it('runs when it never arrived, and for another client', async () => {
    const target = await startLab();
    const first = await again(target, CLIENT, 'ada');
    first.sendJson(ask(7, 'add', 1));
    await allOf(first, 7);

    for (const [client, token] of [
      [CLIENT, 'bob'],
      ['d'.repeat(22), 'ada'],
    ] as const) {
      const other = await again(target, client, token);
      other.sendJson(ask(7, 'add', 5, REDELIVERED));
      other.sendJson(ask(8, 'add', 6, REDELIVERED));
      expect(await allOf(other, 7)).toMatchObject([{ data: { count: 6 } }]);
      expect(await allOf(other, 8)).toMatchObject([{ data: { count: 7 } }]);
    }
  });

  it('is uncertain when the reply is forgotten', async () => {
    const target = await startLab({ options: { limits: { resendMemoryBytes: 6_400 } } });
    const first = await again(target);
    for (const id of [7, 8]) {
      first.sendJson(ask(id, 'add', id));
      await allOf(first, id);
    }
    first.destroy();

    const second = await again(target);
    second.sendJson(ask(7, 'add', 7, REDELIVERED));
    second.sendJson(ask(8, 'add', 8, REDELIVERED));

    expect((await allOf(second, 7)).map(codeOf)).toEqual(['UNCERTAIN']);
    expect(await allOf(second, 8)).toMatchObject([{ t: 'reply' }]);
  });

  it('with once needs a client id', async () => {
    const raw = await lab(await startLab());

    raw.sendJson(ask(2, 'charge'));

    expect((await allOf(raw, 2)).map(codeOf)).toEqual(['CLIENT_ID_REQUIRED']);
  });

  describeWithRedis('with once', (redis) => {
    it('runs on one server of the cluster, and the other one answers', async () => {
      const options = { redis: redis().url };
      const [a, b] = [await startLab({ options }), await startLab({ options })];
      const first = await again(a);
      first.sendJson(ask(7, 'charge', 5));
      await until(() => a.get(Lab).log.length === 1);
      first.destroy();

      const early = await again(b);
      early.sendJson(ask(7, 'charge', 5, REDELIVERED));
      expect((await allOf(early, 7)).map(codeOf)).toEqual(['UNCERTAIN']);
      a.get(Lab).latch.open();
      await until(async () => {
        const later = await again(b);
        later.sendJson(ask(7, 'charge', 5, REDELIVERED));
        const [answer] = await allOf(later, 7);
        later.destroy();
        return answer!.t === 'reply' && (answer!.data as { count: number }).count === 5;
      });

      expect([...a.get(Lab).log, ...b.get(Lab).log]).toEqual(['charge 5']);
    });
  });
});
