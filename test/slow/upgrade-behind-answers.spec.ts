import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { upgradeRequest } from '../rig/raw-socket.js';

const LARGE_BYTES = 40_000_000;
const REFUSAL_MS = 5_000;
const RETURN_MS = 60_000;

@Controller()
class SlowController {
  /** Ends the answer to `slow`, once it was asked for. */
  static release: (() => void) | undefined;

  @Get('slow')
  slow(): Promise<string> {
    return new Promise((resolve) => (SlowController.release = () => resolve('late')));
  }

  static isLargeAsked = false;

  @Get('large')
  large(): string {
    SlowController.isLargeAsked = true;
    return 'x'.repeat(LARGE_BYTES);
  }

  @Get('hello')
  hello(): string {
    return 'over HTTP';
  }
}

@WebSocketGateway({ path: '/gateway' })
class Gateway {
  @SubscribeMessage('shout')
  shout() {}
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
const H2C = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';

/** A TCP connection that keeps the text that came. */
class TextClient {
  text = '';
  isEnded = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => (this.text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isEnded = true));
  }

  static async to({ port }: RunningApp): Promise<TextClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new TextClient(socket);
  }
}

const clients: TextClient[] = [];

async function clientOf(target: RunningApp): Promise<TextClient> {
  const client = await TextClient.to(target);
  clients.push(client);
  return client;
}

/** Waits turns of the event loop, which no fake clock holds. */
async function turnsUntil(fact: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await fact())) {
    if (performance.now() > end) throw new Error(`It did not come to ${fact.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function connectionsOf({ app }: RunningApp): () => Promise<number> {
  const server = app.getHttpServer() as Server;
  return promisify(server.getConnections.bind(server));
}

const adapters: ReadonlyArray<readonly [how: string, prepare: (app: INestApplication) => void]> = [
  ['with the adapter of streams', () => undefined],
  ['with the adapter of Nest', (app) => app.useWebSocketAdapter(new WsAdapter(app))],
];

afterEach(async () => {
  jest.useRealTimers();
  for (const { socket } of clients.splice(0)) socket.destroy();
  SlowController.release = undefined;
  SlowController.isLargeAsked = false;
  await stopAll();
});

// The answer to the earlier request was written behind the 101, where the client reads frames.
describe.each(['express', 'fastify'] as const)(
  'An upgrade behind a request without an answer, on %s',
  (platform) => {
    const start = (prepare?: (app: INestApplication) => void) =>
      startApp({ platform, prepare, controllers: [SlowController], providers: [Gateway] });

    describe.each(adapters)('%s', (_how, prepare) => {
      it.each(['/streams', '/gateway'])('is refused behind that answer: %s', async (path) => {
        const target = await start(prepare);
        const client = await clientOf(target);

        client.socket.write(get('/slow') + upgradeRequest({ path }));
        await turnsUntil(() => SlowController.release !== undefined);
        await turns(20);
        expect(client.text).toBe('');
        SlowController.release!();
        await turnsUntil(() => client.isEnded);

        expect(client.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
        expect(client.text).toMatch(/\r\n\r\nlateHTTP\/1\.1 400 [^]*Wait for the responses[^]*$/);
        expect(target.streams.counters().connections).toBe(0);
      });

      it.each(['/streams', '/gateway'])('is taken when it waits for that answer: %s', async (path) => {
        const client = await clientOf(await start(prepare));

        client.socket.write(get('/hello'));
        await turnsUntil(() => client.text.endsWith('over HTTP'));
        client.socket.write(upgradeRequest({ path }));

        await turnsUntil(() => /over HTTPHTTP\/1\.1 101 /.test(client.text));
      });
    });
  },
);

describe('A client that takes no answer', () => {
  it.each([
    ['refused upgrade', upgradeRequest(), REFUSAL_MS],
    ['upgrade that HTTP answers', get('/hello', H2C), RETURN_MS],
  ])('is cut off after its time: %s', async (_name, request, afterMs) => {
    const target = await startApp({ controllers: [SlowController] });
    const connections = connectionsOf(target);
    const client = await clientOf(target);
    client.socket.pause();
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });

    client.socket.write(get('/large') + request);
    await turnsUntil(() => SlowController.isLargeAsked);
    await turns(50);
    jest.advanceTimersByTime(afterMs - 1);
    await turns(50);
    expect(await connections()).toBe(1);
    jest.advanceTimersByTime(1);

    await turnsUntil(async () => (await connections()) === 0);
  });
});
