import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable, Logger } from '@nestjs/common';
import { createStreamClient, type WebSocketClass } from '@nestwire/client';
import { defineChannel } from '@nestwire/messages';
import { StreamGap } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
} from '@nestwire/streams';
import { WebSocket, type ClientOptions } from 'ws';
import { blocksOf } from '../docs/page.mjs';
import { Note, note } from '../e2e/messages.js';
import { collect, connected, startApp, stopAll, towards, type RunningApp } from '../e2e/start-app.js';
import { describeIfNginx, Nginx, type NginxConfiguration } from '../rig/nginx.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';

const PAGE = readFileSync(new URL('../../docs/production.md', import.meta.url), 'utf8');
const [MAIN, HTTP] = blocksOf(PAGE)
  .filter(({ language }) => language === 'nginx')
  .map(({ code }) => code) as [string, string];
const ADDRESSES = ['10.0.0.11:3000', '10.0.0.12:3000'];

const news = defineChannel('news', { messages: [Note], history: { messages: 1_000, ageMs: 60_000 } });

@Injectable()
class Visitors extends StreamAuthenticator {
  readonly addresses: string[] = [];

  authenticate({ address }: StreamHandshake) {
    this.addresses.push(address);
    return { id: 'ada' };
  }
}

@StreamEndpoint('news')
class NewsEndpoint {
  isFollowed = false;

  @OnStreamOpened()
  async opened(session: StreamSession<Note | StreamGap>): Promise<void> {
    await session.subscribe(news);
    this.isFollowed = true;
  }

  @OnStreamMessage(Note)
  echo(_session: StreamSession<Note | StreamGap>, message: Note): Note {
    return message;
  }
}

type Streams = StreamsOf<{ news: NewsEndpoint }>;

const sockets = new Map<RunningApp, Set<Socket>>();
let nginx: Nginx | undefined;

beforeAll(() => Logger.overrideLogger(false));

afterEach(async () => {
  await stopAll();
  sockets.clear();
  await nginx?.stop();
  nginx = undefined;
});

async function start(options: StreamsModuleOptions = {}): Promise<RunningApp> {
  const open = new Set<Socket>();
  const app = await startApp({
    options: {
      authenticator: Visitors,
      trustProxy: 1,
      shutdown: { spreadMs: 30, deadlineMs: 5_000 },
      ...options,
    },
    providers: [NewsEndpoint],
    prepare: (nest) =>
      (nest.getHttpServer() as Server).on('connection', (socket) => {
        open.add(socket);
        socket.once('close', () => open.delete(socket));
      }),
  });
  sockets.set(app, open);
  return app;
}

/** Starts nginx with the configuration of the page; only the addresses are those of this machine. */
async function startNginx(servers: readonly RunningApp[], replaced: Record<string, string> = {}) {
  nginx = await Nginx.start((port): NginxConfiguration => {
    const addresses = ADDRESSES.map((address, index) => {
      const { port: target } = servers[index % servers.length]!;
      return [address, `127.0.0.1:${target}`];
    });
    return {
      main: MAIN,
      http: HTTP,
      replaced: {
        'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
        ...Object.fromEntries(addresses),
        ...replaced,
      },
    };
  });
  return nginx;
}

/** A WebSocket as a browser of another address opens it. */
function webSocketOf({ certificate }: Nginx, options: ClientOptions = {}): typeof WebSocket {
  return class extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols, { ca: certificate, localAddress: '127.0.0.2', ...options });
    }
  } as typeof WebSocket;
}

function clientOf(target: Nginx, options?: ClientOptions) {
  const kinds: string[] = [];
  const client = createStreamClient<Streams>()({
    ...towards(target),
    url: `wss://127.0.0.1:${target.port}/streams`,
    webSocket: webSocketOf(target, options) as unknown as WebSocketClass,
    auth: () => 'token',
    messages: [Note, StreamGap],
  });
  client.addConnectionStatusListener(({ kind }) => void kinds.push(kind));
  return { client, kinds };
}

/** Asks for an upgrade; resolves with the HTTP status of the answer. */
function statusOf(target: Nginx, options?: ClientOptions): Promise<number | undefined> {
  const socket = new (webSocketOf(target, options))(`wss://127.0.0.1:${target.port}/streams`);
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
    socket.on('open', () => (resolve(101), socket.close()));
    socket.on('error', reject);
  });
}

/** Ends a server as a crash does: nothing listens, and every connection is gone. */
function crash(app: RunningApp): void {
  (app.app.getHttpServer() as Server).close();
  for (const socket of sockets.get(app)!) socket.resetAndDestroy();
}

const holds = ({ streams }: RunningApp) => streams.counters().connections > 0;

describeIfNginx('The nginx configuration of docs/production.md', () => {
  it('passes upgrades on, with the address, the host and the scheme of the client', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    const front = await startNginx([one, two]);
    const origin = `https://127.0.0.1:${front.port}`;
    const { client } = clientOf(front, { headers: { Origin: origin, 'X-Forwarded-For': '203.0.113.9' } });
    await connected(client);
    await client.news.sendStreamMessage(note('hello'));

    expect([...one.get(Visitors).addresses, ...two.get(Visitors).addresses]).toEqual(['127.0.0.2']);
    const foreign = { headers: { Origin: origin.replace('https', 'http') } };
    expect(await statusOf(front, foreign)).toBe(403);
  });

  it('divides clients among the servers', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    const front = await startNginx([one, two]);
    for (let count = 0; count < 4; count++) await connected(clientOf(front).client);

    expect([one, two].map(({ streams }) => streams.counters().connections)).toEqual([2, 2]);
  });

  it('asks the next server when one drains', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    const front = await startNginx([one, two]);
    await one.streams.drain();
    const statuses = [await statusOf(front), await statusOf(front), await statusOf(front)];

    expect(statuses).toEqual([101, 101, 101]);
    expect(one.streams.counters().refusedUpgrades).toBe(1);
  });

  it('keeps connections over a reload', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    const front = await startNginx([one, two]);
    const { client, kinds } = clientOf(front);
    await connected(client);
    await client.news.sendStreamMessage(note('before'));
    await front.reload();
    await client.news.sendStreamMessage(note('after'));
    await connected(clientOf(front).client);

    expect(kinds).toEqual(['connecting', 'connected']);
    expect([one, two].reduce((sum, { streams }) => sum + streams.counters().connections, 0)).toBe(2);
  });

  describe('with a timeout of one second', () => {
    const SHORT = { 'proxy_read_timeout 60s': 'proxy_read_timeout 1s' };

    /** Connects a client that only answers pings; counts them. */
    async function idle(pingMs: number) {
      const app = await start({ heartbeat: { pingMs, pongMs: 10_000 } });
      const front = await startNginx([app, app], SHORT);
      const socket = new (webSocketOf(front))(`wss://127.0.0.1:${front.port}/streams`);
      const seen = { pings: 0, code: 0 };
      socket.on('close', (code: number) => (seen.code = code));
      socket.on('error', () => undefined);
      socket.on('open', () => socket.send('{"t":"hello","v":1}'));
      socket.on('message', (data: Buffer) => {
        if ((JSON.parse(String(data)) as { t: string }).t !== 'ping') return;
        seen.pings++;
        socket.send('{"t":"pong"}');
      });
      await until(() => holds(app));
      return { socket, seen };
    }

    it('keeps an idle connection whose heartbeat is shorter', async () => {
      const { socket, seen } = await idle(300);
      await until(() => seen.pings === 10 || seen.code);

      expect(seen).toEqual({ pings: 10, code: 0 });
      socket.close();
    });

    it('loses an idle connection whose heartbeat is longer', async () => {
      const { seen } = await idle(60_000);
      await until(() => seen.code);

      expect(seen).toEqual({ pings: 0, code: 1006 });
    });
  });

  describeWithRedis('with a channel with history', (redis) => {
    async function following() {
      const [one, two] = await Promise.all([start({ redis: redis().url }), start({ redis: redis().url })]);
      const front = await startNginx([one, two]);
      const { client, kinds } = clientOf(front);
      const heard = collect(client.news.stream);
      await connected(client);
      const [left, other] = holds(one) ? [one, two] : [two, one];
      await until(() => left.get(NewsEndpoint).isFollowed);
      return { kinds, heard, left, other };
    }

    async function postNotes({ messages }: RunningApp, from: number): Promise<string[]> {
      const texts = Array.from({ length: 20 }, (_, index) => `${from + index}`);
      for (const text of texts) await messages.postMessage(news, note(text));
      return texts;
    }

    const textsOf = (heard: ReadonlyArray<Note | StreamGap>) =>
      heard.map((message) => (message instanceof StreamGap ? `gap ${message.reason}` : message.text));

    it('moves a client away from a server that drains, without a break or a loss', async () => {
      const { kinds, heard, left, other } = await following();
      const texts = await postNotes(other, 0);
      const draining = left.streams.drain();
      texts.push(...(await postNotes(other, 20)));
      await draining;
      texts.push(...(await postNotes(other, 40)));
      await until(() => heard.length >= texts.length);

      expect(textsOf(heard)).toEqual(texts);
      expect(kinds).toEqual(['connecting', 'connected', 'connected']);
      expect([holds(left), holds(other)]).toEqual([false, true]);
    });

    it('brings a client back to the other server when one dies, without a loss', async () => {
      const { kinds, heard, left, other } = await following();
      const texts = await postNotes(other, 0);
      await until(() => heard.length === texts.length);
      crash(left);
      texts.push(...(await postNotes(other, 20)));
      await until(() => heard.length >= texts.length);

      expect(textsOf(heard)).toEqual(texts);
      expect(kinds).toContain('waiting');
      expect([holds(left), holds(other)]).toEqual([false, true]);
    });
  });
});
