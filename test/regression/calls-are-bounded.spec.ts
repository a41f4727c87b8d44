import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { Lab, startLab } from '../e2e/calls.app.js';
import { stopAll, untilNothingIsLeft, type RunningApp } from '../e2e/start-app.js';

afterEach(stopAll);

type Frame = Record<string, unknown>;

function ask(id: number, method: string, count = 1, more: object = {}): Frame {
  return { t: 'call', id, stream: 'lab', method, type: 'calls.ask', data: { count }, window: 64, ...more };
}

function part(call: number, text = 'x'): Frame {
  return { t: 'item', call, type: 'calls.part', data: { text } };
}

async function lab(target: RunningApp, token?: string): Promise<RawSocket> {
  const raw = await RawSocket.hello(target.port, token);
  raw.sendJson({ t: 'open', id: 1, endpoint: 'lab' });
  await raw.frame('opened');
  return raw;
}

function codeOf(frame: Frame): unknown {
  return (frame.error as { code?: string } | undefined)?.code;
}

/** Answers a ping, so that everything sent before was handled. */
async function settled(raw: RawSocket): Promise<void> {
  const pongs = (): number => raw.frames.filter(({ t }) => t === 'pong').length;
  const before = pongs();
  raw.sendJson({ t: 'ping' });
  await raw.until(() => pongs() > before);
}

describe('A hostile client of calls', () => {
  it('that sends items beyond the window loses that call alone', async () => {
    const target = await startLab({ options: { limits: { callWindow: 4 } } });
    const raw = await lab(target);
    raw.sendJson(ask(2, 'wait'));

    // The method does not read its items yet.
    raw.sendJson(ask(3, 'collect', 9, { items: true }));
    for (let sent = 0; sent < 5; sent++) raw.sendJson(part(3));

    expect(codeOf(await raw.frame('error', 3))).toBe('CALL_WINDOW_EXCEEDED');
    target.get(Lab).latch.open();
    expect(await raw.frame('reply')).toMatchObject({ call: 2 });
  });

  it('that follows its credits loses nothing', async () => {
    const target = await startLab({ options: { limits: { callWindow: 4 } } });
    const raw = await lab(target);

    raw.sendJson(ask(3, 'collect', 0, { items: true }));
    for (let sent = 0; sent < 12; sent++) {
      await raw.until(() => {
        const credits = raw.frames.filter(({ t }) => t === 'credit');
        return sent - Number(credits.at(-1)?.consumed ?? 0) < 4;
      });
      raw.sendJson(part(3));
    }
    raw.sendJson({ t: 'end', call: 3 });

    expect(await raw.frame('reply')).toMatchObject({ call: 3, data: { count: 12 } });
  });

  it('fills the memory of its connection with items no further than its bound', async () => {
    const limits = { maxPendingBytes: 100_000, framesPerSecond: 10_000, bytesPerSecond: 1e8 };
    const target = await startLab({ options: { limits } });
    const raw = await lab(target);

    for (let id = 2; id < 6; id++) {
      raw.sendJson(ask(id, 'collect', 9, { items: true }));
      raw.sendJson(part(id, 'x'.repeat(40_000)));
    }

    expect(codeOf(await raw.frame('error', 4))).toBe('BUSY');
    expect(codeOf(await raw.frame('error', 5))).toBe('BUSY');
    await settled(raw);
    expect(raw.frames.filter(({ t }) => t === 'error')).toHaveLength(2);
  });

  it.each([
    ['a forged call id', part(77)],
    ['the end of a call that it does not have', { t: 'end', call: 77 }],
    ['credit for a call that it does not have', { t: 'credit', call: 77, consumed: 5 }],
    ['a cancel of a call that it does not have', { t: 'cancel', call: 77 }],
    [
      'a frame with the fields of another one',
      { t: 'item', id: 5, call: 77, token: 'eve', type: 'x', data: {} },
    ],
  ])('gets no answer to %s, and reaches no call of another client', async (_, frame) => {
    const target = await startLab();
    const [victim, raw] = [await lab(target, 'ada'), await lab(target, 'eve')];
    victim.sendJson(ask(77, 'held', 1, { window: 1 }));
    await victim.frame('item');

    raw.sendJson(frame);
    await settled(raw);

    expect(raw.frames.filter(({ t }) => t !== 'welcome' && t !== 'opened').map(({ t }) => t)).toEqual([
      'pong',
    ]);
    target.get(Lab).latch.open();
    await settled(victim);
    expect(victim.frames.filter(({ t }) => t === 'error')).toEqual([]);
    expect(victim.frames.filter(({ t }) => t === 'item')).toHaveLength(1);
    expect(target.get(Lab).calls[0]!.signal.aborted).toBe(false);
  });

  it.each([1, 2, 2 ** 40, Number.MAX_SAFE_INTEGER])(
    'that claims to have consumed more than was sent by %d loses its call',
    async (excess) => {
      const target = await startLab();
      const raw = await lab(target);
      raw.sendJson(ask(2, 'parts', 1_000, { window: 3 }));
      await raw.until(() => raw.frames.filter(({ t }) => t === 'item').length === 3);

      raw.sendJson({ t: 'credit', call: 2, consumed: Math.min(3 + excess, Number.MAX_SAFE_INTEGER) });

      expect(codeOf(await raw.frame('error', 2))).toBe('BAD_FRAME');
      await until(() => target.get(Lab).log.includes('finally'));
      expect(target.get(Lab).pulled).toBe(3);
    },
  );

  it('that floods the server with cancels is refused by its rate, and others go on', async () => {
    const target = await startLab();
    const [raw, other] = [await lab(target), await lab(target)];

    const cancel = Array.from({ length: 1_000 }, () => ({ t: 'cancel', call: 5 }));
    for (const frame of cancel) raw.sendJson(frame);

    expect(await raw.closing()).toBe(4004);
    other.sendJson(ask(2, 'add'));
    expect(await other.frame('reply')).toMatchObject({ call: 2 });
  });

  it('that begins and cancels calls holds at most maxCalls methods', async () => {
    const target = await startLab({ options: { limits: { maxCalls: 3 } } });
    const raw = await lab(target);

    for (let id = 2; id < 40; id++) {
      raw.sendJson(ask(id, 'wait', id));
      raw.sendJson({ t: 'cancel', call: id });
    }
    await settled(raw);

    const { calls, latch } = target.get(Lab);
    expect(calls.length).toBe(3);
    expect(new Set(raw.frames.filter(({ t }) => t === 'error').map(codeOf))).toEqual(
      new Set(['CANCELLED', 'TOO_MANY_CALLS']),
    );
    latch.open();
    raw.destroy();
    await untilNothingIsLeft(target);
  });

  it('has a call ended by an item above its rate, because the item is lost', async () => {
    const limits = { framesPerSecond: 20, itemsPerSecond: 1, maxRefusals: 1_000, callWindow: 1_000 };
    const target = await startLab({ options: { limits } });
    const raw = await lab(target);

    raw.sendJson(ask(2, 'collect', 0, { items: true }));
    for (let sent = 0; sent < 60; sent++) raw.sendJson(part(2, `${sent}`));

    expect(codeOf(await raw.frame('error', 2))).toBe('RATE_LIMITED');
    await until(() => target.get(Lab).log.includes('failed RATE_LIMITED'));
  });

  it('has every call ended by an item above its rate that names no call in time', async () => {
    const limits = { framesPerSecond: 20, itemsPerSecond: 1, maxRefusals: 1_000, callWindow: 1_000 };
    const target = await startLab({ options: { limits } });
    const raw = await lab(target);

    raw.sendJson(ask(2, 'collect', 0, { items: true }));
    const late = { type: 'calls.part', data: { text: 'x'.repeat(600) }, t: 'item', call: 2 };
    for (let sent = 0; sent < 60; sent++) raw.sendJson(late);

    expect(codeOf(await raw.frame('error', 2))).toBe('RATE_LIMITED');
  });

  it.each(['ping', 'response'])('has no call ended by a %s above its rate', async (t) => {
    const limits = { framesPerSecond: 20, maxRefusals: 1_000 };
    const target = await startLab({ options: { limits } });
    const raw = await lab(target);
    raw.sendJson(ask(2, 'wait'));

    const error = { code: 'X', message: 'x' };
    for (let sent = 0; sent < 60; sent++) raw.sendJson(t === 'ping' ? { t } : { t, request: 1, error });
    await raw.until(() => raw.frames.some((frame) => codeOf(frame) === 'RATE_LIMITED'));
    target.get(Lab).latch.open();

    expect(await raw.frame('reply')).toMatchObject({ call: 2 });
  });

  it('pays for its credits only when they are for little', async () => {
    const limits = { framesPerSecond: 10, maxRefusals: 1_000 };
    const target = await startLab({ options: { limits } });
    const raw = await lab(target);

    raw.sendJson(ask(2, 'parts', 1_000, { window: 64 }));
    const items = (): number => raw.frames.filter(({ t }) => t === 'item').length;
    for (let consumed = 32; consumed <= 960; consumed += 32) {
      await raw.until(() => items() >= Math.min(1_000, consumed + 32));
      raw.sendJson({ t: 'credit', call: 2, consumed });
    }

    expect(await raw.frame('end')).toEqual({ t: 'end', call: 2 });
    expect(items()).toBe(1_000);
  });
});
