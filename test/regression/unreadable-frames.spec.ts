import { createStreamClient } from '@nestwire/client';
import { StreamGap } from '@nestwire/protocol';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { MESSAGES, Note } from '../e2e/messages.js';
import { collect, connected, stopAll, towards } from '../e2e/start-app.js';
import { until } from '../rig/until.js';

type Streams = { desk: { in: Note; out: Note | StreamGap } };

/** A history of three messages, of which the server can spoil one. */
class Server {
  /** The places that clients came back with. */
  readonly held: unknown[] = [];
  readonly sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });

  /** @param spoiledOn tells whether the second message cannot be read on a connection, counted from 1 */
  constructor(private readonly spoiledOn: (connection: number) => boolean) {
    let count = 0;
    this.sockets.on('connection', (socket) => this.serve(socket, ++count));
  }

  get port(): number {
    return (this.sockets.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.sockets.clients) socket.terminate();
    this.sockets.close();
  }

  private serve(socket: WebSocket, connection: number): void {
    const say = (frame: object) => socket.send(JSON.stringify(frame));
    socket.on('message', (bytes: Buffer) => {
      const frame = JSON.parse(bytes.toString()) as { t: string; id: number; resume?: unknown[][] };
      if (frame.t === 'hello') {
        this.held.push(frame.resume?.[0]?.[4] ?? 0);
        const limits = { maxPayloadBytes: 65_536, maxPendingMessages: 64, pingMs: 25_000, pongMs: 10_000 };
        say({ t: 'welcome', v: 1, connection: `${connection}`, user: null, ...limits });
      }
      if (frame.t !== 'open') return;
      const after = Number(this.held.at(-1));
      say({ t: 'opened', id: frame.id, stream: 'desk', session: `${connection}` });
      const place = { stream: 'desk', channel: 'room', resumeToken: 'token' };
      say({ t: 'subscribed', ...place, position: ['e', after, after ? `m${after}` : ''] });
      for (let offset = after + 1; offset <= 3; offset++)
        if (offset === 2 && this.spoiledOn(connection)) socket.send('{"t":"publication","channel":"room",');
        else
          say({
            ...{ t: 'publication', channel: 'room', offset, id: `m${offset}` },
            ...{ type: 'e2e.note', data: { text: `${offset}` } },
          });
    });
  }
}

describe('A frame that a client cannot read', () => {
  let server: Server;
  const follow = async (spoiledOn: (connection: number) => boolean) => {
    server = new Server(spoiledOn);
    await once(server.sockets, 'listening');
    const options = { ...towards(server), messages: [...MESSAGES, StreamGap] as const };
    const client = await connected(createStreamClient<Streams>()(options));
    return collect(client.desk.stream);
  };
  const said = (message: Note | StreamGap) =>
    message instanceof StreamGap ? `gap ${message.reason}` : message.text;
  afterEach(async () => {
    await stopAll();
    server.close();
  });

  it('makes it resume from its position, so that no message of a channel is missing', async () => {
    const heard = await follow((connection) => connection === 1);
    await until(() => heard.length >= 3);

    expect(heard.map(said)).toEqual(['1', '2', '3']);
    expect(server.held).toEqual([0, 1]);
  });

  it('ends in a gap when it cannot be read again and again, and not in a circle', async () => {
    const heard = await follow(() => true);
    await until(() => heard.map(said).includes('3'));

    expect(heard.map(said)).toEqual(['1', 'gap unreadable', '3']);
    expect(server.held).toEqual([0, 1, 1, 1]);
  });
});
