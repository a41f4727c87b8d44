import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { defineChannel } from '@nestwire/messages';
import { OnStreamOpened, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { Note } from '../e2e/messages.js';
import { startApp, stopAll } from '../e2e/start-app.js';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';

const pages = defineChannel('half-closed', { messages: [Note] });
const PAGE = Object.assign(new Note(), { text: 'x'.repeat(60_000) });
const PAGES_AT_MOST = 1_000;

@StreamEndpoint('reader')
class ReaderEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note>): Promise<void> {
    await session.subscribe(pages);
  }
}

afterEach(stopAll);

// ws ends its side without a clock, so that the connection stayed until the heartbeat, and a shutdown did not end.
describe('A client that ends its side and does not read', () => {
  async function halfClosed() {
    const target = await startApp({ providers: [ReaderEndpoint] });
    const sockets: Socket[] = [];
    (target.app.getHttpServer() as Server).on('connection', (socket) => sockets.push(socket));
    const raw = await RawSocket.hello(target.port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'reader' });
    await raw.frame('subscribed');
    raw.socket.pause();
    const [socket] = sockets;
    for (let count = 0; !socket!.writableLength && count < PAGES_AT_MOST; count++) {
      await target.messages.postMessage(pages, PAGE);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(socket!.writableLength).toBeGreaterThan(0);
    raw.socket.end();
    return { target, socket: socket! };
  }

  it('is cut off after the time of a closing handshake', async () => {
    const { target, socket } = await halfClosed();

    await until(() => socket.destroyed, 3_000);
    await until(() => target.streams.counters().connections === 0, 1_000);
  });

  it('does not hold up the shutdown', async () => {
    const { target, socket } = await halfClosed();
    await until(() => socket.readableEnded);

    await target.app.close();

    expect(socket.destroyed).toBe(true);
  });
});
