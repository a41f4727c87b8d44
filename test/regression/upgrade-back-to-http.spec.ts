import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Body, Controller, Get, Post, type INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebSocket, WebSocketServer } from 'ws';
import { startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { RawSocket } from '../rig/raw-socket.js';

@Controller()
class HelloController {
  @Get('hello')
  hello(): string {
    return 'over HTTP';
  }

  @Post('echo')
  echo(@Body() body: unknown): unknown {
    return body;
  }
}

@WebSocketGateway({ path: '/gateway' })
class Gateway {
  @SubscribeMessage('shout')
  shout() {}
}

const warnings: Error[] = [];
const onWarning = (warning: Error) => warnings.push(warning);

beforeAll(() => process.on('warning', onWarning));
afterEach(stopAll);
afterAll(() => process.off('warning', onWarning));

const H2C = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';

/** An HTTP/1.1 client that keeps its connection. */
class HttpClient {
  private text = '';
  private changed: () => void = () => undefined;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.text += chunk.toString();
      this.changed();
    });
    socket.on('close', () => this.changed());
    socket.on('error', () => undefined);
  }

  static async to({ port }: RunningApp): Promise<HttpClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new HttpClient(socket);
  }

  /** Sends bytes, and returns the status and the body of the next answer. */
  async ask(...chunks: string[]): Promise<[status: number, body: string]> {
    for (const chunk of chunks) {
      this.socket.write(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (;;) {
      const [head, rest] = this.text.split(/\r\n\r\n([\s\S]*)/);
      const length = Number(/content-length: (\d+)/i.exec(head!)?.[1]);
      if (rest !== undefined && rest.length >= length) {
        this.text = rest.slice(length);
        return [Number(head!.split(' ')[1]), rest.slice(0, length)];
      }
      if (this.socket.destroyed) throw new Error(`The connection ended after ${JSON.stringify(this.text)}`);
      await new Promise<void>((resolve) => (this.changed = resolve));
    }
  }
}

const get = (path: string, more = H2C) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
const post = (more: string, body: string) =>
  `POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${H2C}${more}\r\n${body}`;

const adapters: ReadonlyArray<readonly [how: string, prepare: (app: INestApplication) => void]> = [
  ['with the adapter of streams', () => undefined],
  ['with the adapter of Nest', (app) => app.useWebSocketAdapter(new WsAdapter(app))],
];

// One listener of `upgrade` takes the sockets of all upgrade requests, so that each route answered
// 404 to a client that offers HTTP/2.
describe.each(['express', 'fastify'] as const)('A request with an offer to upgrade, on %s', (platform) => {
  const start = (prepare?: (app: INestApplication) => void, forceCloseConnections = false) =>
    startApp({
      platform,
      prepare,
      forceCloseConnections,
      controllers: [HelloController],
      providers: [Gateway],
    });

  it.each(adapters)(
    'is answered by HTTP, with its body, on a connection that is kept, %s',
    async (_, prepare) => {
      const client = await HttpClient.to(await start(prepare));
      const body = JSON.stringify({ text: 'x'.repeat(2_000) });
      const bytes = Buffer.byteLength(body);

      expect(await client.ask(get('/hello'))).toEqual([200, 'over HTTP']);
      expect(await client.ask(post(`Content-Length: ${bytes}\r\n`, body))).toEqual([201, body]);
      const half = body.length / 2;
      expect(
        await client.ask(post(`Content-Length: ${bytes}\r\n`, body.slice(0, half)), body.slice(half)),
      ).toEqual([201, body]);
      const chunked = `2\r\n[1\r\n2\r\n,2\r\n1\r\n]\r\n0\r\n\r\n`;
      expect(await client.ask(post('Transfer-Encoding: chunked\r\n', chunked))).toEqual([201, '[1,2]']);
      expect(await client.ask(get('/hello', ''))).toEqual([200, 'over HTTP']);
      client.socket.destroy();
    },
  );

  it('is answered by HTTP at a path of streams and of a gateway, and at an unknown one', async () => {
    const client = await HttpClient.to(await start());
    const statuses: number[] = [];

    for (const path of ['/streams', '/gateway', '/nowhere']) statuses.push((await client.ask(get(path)))[0]);

    expect(statuses).toEqual([404, 404, 404]);
    client.socket.destroy();
  });

  it('is answered in order with what comes behind it at once', async () => {
    const client = await HttpClient.to(await start());

    client.socket.write(get('/hello') + get('/nowhere', '') + get('/hello'));

    expect([await client.ask(), await client.ask(), await client.ask()].map(([status]) => status)).toEqual([
      200, 404, 200,
    ]);
    client.socket.destroy();
  });

  // With this option Nest adds a listener to each socket that the server announces.
  it.each([false, true])(
    'leaves nothing on a connection that makes many; forceCloseConnections: %s',
    async (isForced) => {
      const target = await start(undefined, isForced);
      const server = target.app.getHttpServer() as Server;
      const sockets: Socket[] = [];
      server.on('connection', (socket) => sockets.includes(socket) || sockets.push(socket));
      const client = await HttpClient.to(target);
      const countListeners = () =>
        sockets[0]!.eventNames().reduce((sum, name) => sum + sockets[0]!.listenerCount(name), 0);

      await client.ask(get('/hello'));
      await client.ask(get('/hello'));
      const before = countListeners();
      for (let round = 0; round < 20; round++) await client.ask(get('/hello'));

      expect(sockets).toHaveLength(1);
      expect(countListeners()).toBeLessThanOrEqual(before);
      expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
      client.socket.destroy();
    },
  );

  it('is left to another listener of the server', async () => {
    const target = await start();
    const other = new WebSocketServer({ noServer: true });
    (target.app.getHttpServer() as Server).on('upgrade', (request, socket, head) => {
      if (request.url === '/other') other.handleUpgrade(request, socket, head, (ws) => ws.send('other'));
    });

    const socket = new WebSocket(`ws://127.0.0.1:${target.port}/other`);
    const [message] = (await once(socket, 'message')) as [Buffer];

    expect(message.toString()).toBe('other');
    expect((await RawSocket.upgrade(target.port)).status).toBe(101);
    socket.terminate();
  });

  it('is a WebSocket where it offers others too', async () => {
    const raw = await RawSocket.upgrade((await start()).port, '/streams', { Upgrade: 'WebSocket' });

    expect(raw.status).toBe(101);
  });
});
