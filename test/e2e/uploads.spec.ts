import { createStreamClient } from '@nestwire/client';
import { messagePack } from '@nestwire/protocol/message-pack';
import { create } from '@nestwire/protocol';
import type { StreamsOf } from '@nestwire/streams';
import { jsonFrame, RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { Ask, Lab, Part, startLab, Sum, type LabEndpoint } from './calls.app.js';
import { connected, stopAll, towards, type RunningApp } from './start-app.js';

afterEach(stopAll);

type LabStreams = StreamsOf<{ lab: LabEndpoint }>;
type Frame = Record<string, unknown>;

const ask = (id: number, method: string, count = 0): Frame => ({
  ...{ t: 'call', id, stream: 'lab', method, type: 'calls.ask', data: { count }, window: 64, items: true },
});
const part = (call: number, text = 'x'): Frame => ({ t: 'item', call, type: 'calls.part', data: { text } });

async function lab(target: RunningApp): Promise<RawSocket> {
  const raw = await RawSocket.hello(target.port);
  raw.sendJson({ t: 'open', id: 1, endpoint: 'lab' });
  await raw.frame('opened');
  return raw;
}

const sendAll = (raw: RawSocket, frames: readonly unknown[]): void =>
  raw.send(Buffer.concat(frames.map(jsonFrame)));

const codesOf = (raw: RawSocket): unknown[] =>
  raw.frames.flatMap(({ error }) => (error ? [(error as { code: string }).code] : []));

/** A rate of frames that does not recover while a test runs, and the frames that use it up. */
const SLOW = { framesPerSecond: 2 };
const PINGS = Array.from({ length: 10 }, () => ({ t: 'ping' }));

/** Uploads items with the client of this repository, and returns how many the method got. */
async function upload(target: RunningApp, count: number, codec: object): Promise<number> {
  const client = createStreamClient<LabStreams>()({
    ...towards(target),
    ...codec,
    messages: [Ask, Part, Sum],
  });
  const { lab: stream } = await connected(client);
  const items = Array.from({ length: count }, () => create(Part, { text: 'x' }));
  return (await stream.collect(create(Ask, { count: count + 1 }), items)).count;
}

describe('An upload of small items', () => {
  it.each([
    ['JSON', {}, []],
    ['MessagePack', { codec: messagePack }, [messagePack]],
  ])(
    'in %s succeeds at full speed with the default limits',
    async (_, codec, codecs) => {
      const target = await startLab({ options: { codecs } });

      expect(await upload(target, 10_000, codec)).toBe(10_000);
    },
    120_000,
  );

  it('needs no rate of frames: many more items pass than frames may come', async () => {
    const limits = { framesPerSecond: 10 };
    const target = await startLab({ options: { limits } });

    expect(await upload(target, 2_000, {})).toBe(2_000);
  }, 60_000);

  it('continues while the rate of frames is used up', async () => {
    const target = await startLab({ options: { limits: SLOW } });
    const raw = await lab(target);

    const items = Array.from({ length: 40 }, () => part(2));
    const message = { t: 'message', id: 9, stream: 'lab', type: 'calls.ask', data: { count: 1 } };
    sendAll(raw, [ask(2, 'collect', 50), ...PINGS, ...items, message]);
    await raw.frame('error', 9);

    await until(() => target.get(Lab).log.length === items.length);
    expect(new Set(codesOf(raw))).toEqual(new Set(['RATE_LIMITED']));
  });
});

describe('A client that sends more items than its credits', () => {
  it('loses its call, and then its connection', async () => {
    const target = await startLab();
    const raw = await lab(target);
    raw.sendJson(ask(2, 'collect', 9));

    sendAll(
      raw,
      Array.from({ length: 2_000 }, () => part(2)),
    );

    expect(await raw.closing()).toBe(4004);
    expect(codesOf(raw)).toEqual(['CALL_WINDOW_EXCEEDED']);
  });

  it('has each call ended, however many it begins, and pays for each item', async () => {
    const target = await startLab();
    const raw = await lab(target);
    const excess = Array.from({ length: 30 }, (_, at) => [
      ask(at + 2, 'collect', 9),
      ...Array.from({ length: 66 }, () => part(at + 2)),
    ]);

    sendAll(raw, excess.flat());
    await raw.until(() => codesOf(raw).length >= excess.length);

    expect(codesOf(raw)).toEqual(excess.map(() => 'CALL_WINDOW_EXCEEDED'));
  });

  it('is refused by the rate of frames above the rate of items', async () => {
    const limits = { itemsPerSecond: 1, framesPerSecond: 10, callWindow: 1_000 };
    const target = await startLab({ options: { limits } });
    const raw = await lab(target);
    raw.sendJson(ask(2, 'collect', 9));

    sendAll(
      raw,
      Array.from({ length: 40 }, () => part(2)),
    );
    await raw.frame('error', 2);

    expect(codesOf(raw)).toEqual(['RATE_LIMITED']);
  });
});

describe('A frame that begins like an item', () => {
  const FRAMES = [
    ['repeats a field', '{"t":"item","call":2,"type":"calls.part","call":77,"data":{"text":"x"}}'],
    ['is another frame', '{"t":"item","call":2,"t":"cancel"}'],
    ['is broken', '{"t":"item","call":2,"type":'],
  ] as const;

  it.each(FRAMES)('and %s is refused for the rate, and ends its call', async (_, frame) => {
    const target = await startLab({ options: { limits: SLOW } });
    const raw = await lab(target);

    sendAll(raw, [ask(2, 'collect', 9), ...PINGS, frame]);

    expect(await raw.frame('error', 2)).toMatchObject({ error: { code: 'RATE_LIMITED' } });
    expect(target.get(Lab).calls).toHaveLength(1);
  });

  it.each(FRAMES)('and %s is refused for its form within the rate', async (_, frame) => {
    const raw = await lab(await startLab());

    sendAll(raw, [ask(2, 'collect', 9), frame]);
    await raw.until(() => codesOf(raw).length > 0);

    expect(codesOf(raw)).toEqual([expect.stringMatching(/^BAD_(FRAME|JSON)$/)]);
  });
});
