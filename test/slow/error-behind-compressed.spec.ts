import { deflateRawSync } from 'node:zlib';
import { rawFrame, RawSocket, upgradeRequest } from '../rig/raw-socket.js';
import { startApp, stopAll } from '../e2e/start-app.js';

// ws 8.22 and 8.23 read on behind an error when chunks wait for one that is being inflated, and throw where
// nobody can catch it: one client ends the process.

const DEFLATE = 'permessage-deflate; client_no_context_takeover; server_no_context_takeover';
const RSV1 = 0b100;
const ROUNDS = 10;
const PINGS = 100;

function compressedFrame(text: string): Buffer {
  const deflated = deflateRawSync(Buffer.from(text), { finishFlush: 2 });
  return rawFrame({ rsv: RSV1, payload: deflated.subarray(0, -4) });
}

afterEach(stopAll);

describe('A frame that breaks the WebSocket protocol behind a compressed frame', () => {
  it.each([
    ['a text that is no UTF-8', rawFrame({ payload: Buffer.alloc(121, 0xff) }), 1007],
    ['a close code that nobody may send', rawFrame({ opcode: 8, payload: Buffer.alloc(20, 0xb6) }), 1002],
  ])('closes its connection alone: %s', async (_name, broken, code) => {
    const app = await startApp({ options: { compression: 'both' } });
    const witness = await RawSocket.hello(app.port);
    const compressed = Buffer.concat(Array.from({ length: PINGS }, () => compressedFrame('{"t":"ping"}')));

    for (let round = 0; round < ROUNDS; round++) {
      const raw = await RawSocket.connect(app.port);
      raw.send(upgradeRequest({ headers: { 'Sec-WebSocket-Extensions': DEFLATE } }));
      await raw.until(() => raw.status !== undefined);
      raw.sendJson({ t: 'hello', v: 1 });
      await raw.frame('welcome');
      // Each is a chunk of its own; the last two wait while the first one is inflated.
      for (const chunk of [compressed, broken, broken]) {
        raw.send(chunk);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(await raw.closing()).toBe(code);
    }

    witness.sendJson({ t: 'ping' });
    expect(await witness.frame('pong')).toEqual({ t: 'pong' });
  });
});

describe('A connection with compression', () => {
  const options = { compression: 'inbound' as const };

  async function helloCompressed(port: number): Promise<RawSocket> {
    const raw = await RawSocket.connect(port);
    raw.send(upgradeRequest({ headers: { 'Sec-WebSocket-Extensions': DEFLATE } }));
    await raw.until(() => raw.status !== undefined);
    raw.sendJson({ t: 'hello', v: 1 });
    await raw.frame('welcome');
    return raw;
  }

  it('is closed after few large frames above the rate, as each has to be inflated', async () => {
    const app = await startApp({ options: { ...options, limits: { bytesPerSecond: 65_536 } } });
    const raw = await helloCompressed(app.port);
    const large = compressedFrame(`{"t":"ping","padding":"${'x'.repeat(60_000)}"}`);

    for (let count = 0; count < 40; count++) raw.send(large);

    expect(await raw.closing()).toBe(4004);
    expect(raw.frames.filter(({ t }) => t === 'error').length).toBeLessThan(20);
  });

  it('pays for bytes that inflate to nothing', async () => {
    const app = await startApp({ options });
    const raw = await helloCompressed(app.port);
    const emptyBlock = Buffer.from([0, 0, 0, 0xff, 0xff]);
    const deflated = deflateRawSync(Buffer.from('{"t":"ping"}'), { finishFlush: 2 });
    const padded = Buffer.concat([deflated, ...Array.from({ length: 12_000 }, () => emptyBlock)]);
    const frame = rawFrame({ rsv: RSV1, payload: padded.subarray(0, -4) });

    // Some 60 KiB each: the burst of 2 MiB holds 34 of them.
    for (let count = 0; count < 60; count++) raw.send(frame);

    await raw.until(() => raw.frames.some(({ t }) => t === 'error'));
    expect(raw.frames.find(({ t }) => t === 'error')).toMatchObject({ error: { code: 'RATE_LIMITED' } });
  });
});
