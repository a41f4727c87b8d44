import { WebSocket } from 'ws';
import { OnStreamMessage, OnStreamOpened, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { until } from '../rig/until.js';
import { Note, note } from './messages.js';
import { startApp, stopAll, towards, type RunningApp } from './start-app.js';

const LONG = 'to be or not to be, '.repeat(200);

/** Says everything twice: to the one who asked, and to all on the channel. */
@StreamEndpoint('loud')
class LoudEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note>): Promise<void> {
    await session.subscribe('loud');
  }

  @OnStreamMessage(Note)
  async say(session: StreamSession<Note>, message: Note): Promise<Note> {
    await session.messages.postMessage('loud', message);
    return message;
  }
}

interface Listener {
  readonly socket: WebSocket;
  readonly texts: string[];
  /** Bytes that came over TCP. */
  bytes(): number;
}

async function listenTo(app: RunningApp, perMessageDeflate: object | false): Promise<Listener> {
  const socket = new WebSocket(towards(app).url, 'nestwire.v1.json', { perMessageDeflate });
  const texts: string[] = [];
  let bytes = 0;
  socket.on('upgrade', (response) => response.socket.on('data', (chunk: Buffer) => (bytes += chunk.length)));
  socket.on('message', (data: Buffer) => texts.push(data.toString()));
  socket.on('open', () => {
    socket.send('{"t":"hello","v":1}');
    socket.send('{"t":"open","id":1,"endpoint":"loud"}');
  });
  await until(() => texts.some((text) => text.includes('"opened"')));
  return { socket, texts, bytes: () => bytes };
}

async function bytesOfLongMessages(app: RunningApp, perMessageDeflate: object | false): Promise<number> {
  const listener = await listenTo(app, perMessageDeflate);
  const before = listener.bytes();
  const data = JSON.stringify({ ...note(LONG), $type: undefined });
  listener.socket.send(`{"t":"message","id":2,"stream":"loud","type":"e2e.note","data":${data}}`);
  await until(() => listener.texts.filter((text) => text.includes(LONG)).length === 2);
  const bytes = listener.bytes() - before;
  listener.socket.terminate();
  return bytes;
}

afterEach(stopAll);

describe('Compression of what clients get', () => {
  it.each([
    ['both', {}, 'few'],
    ['both', { serverMaxWindowBits: 9 }, 'all'],
    ['both', false, 'all'],
    ['inbound', {}, 'all'],
    ['off', {}, 'all'],
  ] as const)(
    'with %s towards a client that offers %j sends %s bytes',
    async (compression, offer, expected) => {
      const app = await startApp({ providers: [LoudEndpoint], options: { compression } });

      const bytes = await bytesOfLongMessages(app, offer);

      if (expected === 'few') expect(bytes).toBeLessThan(LONG.length / 5);
      else expect(bytes).toBeGreaterThan(LONG.length * 2);
    },
  );

  it('serves clients with and without it on one channel', async () => {
    const app = await startApp({ providers: [LoudEndpoint], options: { compression: 'both' } });
    const listeners = [await listenTo(app, {}), await listenTo(app, false), await listenTo(app, {})];
    const before = listeners.map(({ bytes }) => bytes());

    await app.messages.postMessage('loud', note(LONG));

    for (const { texts } of listeners) await until(() => texts.some((text) => text.includes(LONG)));
    const grown = listeners.map(({ bytes }, at) => bytes() - before[at]!);
    expect(grown.map((bytes) => bytes < LONG.length / 5)).toEqual([true, false, true]);
    for (const { socket } of listeners) socket.terminate();
  });
});
