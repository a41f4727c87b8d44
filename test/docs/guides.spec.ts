import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type INestApplication, Module, type Type } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { createStreamClient } from '@nestwire/client';
import { create, type WatchedMember } from '@nestwire/protocol';
import { StreamsModule, StreamsService } from '@nestwire/streams';
import { WebSocket } from 'ws';
import { until } from '../rig/until.js';
import * as authentication from './authentication.js';
import * as gateways from './migrating-from-gateways.js';
import * as lounge from './presence.js';
import * as readme from './readme/client.js';
import { Greet, Greeting } from './readme/messages.js';
import { showGreetings } from './readme/page.js';
import { type AppStreams, AppModule as ReadmeModule } from './readme/server.js';
import * as serverpod from './coming-from-serverpod.js';

let app: INestApplication;
const closing: Array<() => Promise<void>> = [];

beforeAll(() => {
  // The pages show clients of browsers.
  (globalThis as { WebSocket?: unknown }).WebSocket ??= WebSocket;
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await app.close();
});

async function serve(module: Type, prepare?: (app: INestApplication) => void): Promise<string> {
  app = (await Test.createTestingModule({ imports: [module] }).compile()).createNestApplication();
  prepare?.(app);
  app.useLogger(false);
  await app.listen(0, '127.0.0.1');
  return `ws://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}/streams`;
}

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );

describe('README.md', () => {
  it('shows a server and a client that talk', async () => {
    expect(await readme.greet('Ada', await serve(ReadmeModule))).toBe('Hello, Ada!');
  });
});

describe('The first screen of the site', () => {
  it('shows a page that sends and reads', async () => {
    const url = await serve(ReadmeModule);
    const client = createStreamClient<AppStreams>()({ url, messages: [Greet, Greeting] });
    const shown: string[] = [];
    await client.connectWebSocket();

    await showGreetings(client, (text) => {
      shown.push(text);
      void client.close();
    });

    expect(shown).toEqual(['Hello, Ada!']);
  });
});

describe('docs/presence.md', () => {
  it('shows the members of a channel', async () => {
    const url = await serve(lounge.LoungeModule);
    const tokens = app.get(authentication.TokensService);
    for (const userId of ['ada', 'bob'])
      tokens.known.set(userId, { userId, name: userId, scopes: [], exp: 4_000_000_000 });
    const [ada, bob] = ['ada', 'bob'].map((token) => lounge.connect(url, token)) as [
      ReturnType<typeof lounge.connect>,
      ReturnType<typeof lounge.connect>,
    ];
    let here: readonly WatchedMember[] = [];
    let listed: readonly WatchedMember[] = [];
    const namesOf = (members: readonly WatchedMember[]) => members.map(({ id }) => id).join();
    const ended = new AbortController();
    await ada.connectWebSocket();
    void lounge.show(ada, (members) => (here = members)).catch(() => undefined);
    void app.get(lounge.LoungeService).follow(ended.signal, (members) => (listed = members));
    closing.push(() => ada.close());
    await until(() => namesOf(here) === 'ada');
    await bob.connectWebSocket();
    await bob.lounge.sendStreamMessage(create(lounge.Mood, { text: 'fine' }));
    await until(() => here.length === 2 && JSON.stringify(here[1]!.data).includes('fine'));

    expect(namesOf(listed)).toBe('ada,bob');
    expect(await app.get(lounge.LoungeService).names()).toEqual(['ada on 1 devices', 'bob on 1 devices']);
    await bob.close();
    await until(() => namesOf(here) === 'ada' && namesOf(listed) === 'ada');
    ended.abort();
  });
});

describe('docs/authentication.md', () => {
  const ada = { userId: 'ada', name: 'Ada', scopes: ['moderator'], exp: 4_000_000_000 };
  const account: authentication.Account = { token: null, renew: () => Promise.resolve(null) };
  const say = (text: string) => create(authentication.Say, { text });

  async function connected(module: Type, token: string | null) {
    const url = await serve(module);
    app.get(authentication.TokensService).known.set('good', ada);
    Object.assign(account, { token, renew: () => Promise.resolve(null) });
    const client = authentication.connect(url, account);
    closing.push(() => client.close());
    return client;
  }

  it('keeps anonymous clients out of what requires a sign-in', async () => {
    const client = await connected(authentication.AppModule, null);
    await client.connectWebSocket();

    expect(await reasonOf(client.board.sendStreamMessage(say('hello')))).toBeUndefined();
    expect(await reasonOf(client.desk.sendStreamMessage(say('hello')))).toBe('UNAUTHENTICATED');
    expect(await reasonOf(client.moderation.sendStreamMessage(say('hello')))).toBe('UNAUTHENTICATED');

    account.token = 'good';
    await client.authenticate();
    expect(await reasonOf(client.moderation.sendStreamMessage(say('hello')))).toBeUndefined();
  });

  it('lets in those who have what is required', async () => {
    const client = await connected(authentication.AppModule, 'good');
    await client.connectWebSocket();

    expect(client.connectionStatus).toMatchObject({ kind: 'connected', user: 'ada' });
    expect(await reasonOf(client.moderation.sendStreamMessage(say('hello')))).toBeUndefined();
  });

  it('takes the access of a user away', async () => {
    const client = await connected(authentication.AppModule, 'good');
    await client.connectWebSocket();
    await client.desk.sendStreamMessage(say('here'));
    await app.get(authentication.BansService).ban('ada');

    await until(() => client.connectionStatus.kind === 'closed');
    expect(client.connectionStatus).toMatchObject({ kind: 'closed', code: 4502 });
  });

  it('signs in and out on the open connection', async () => {
    const client = await connected(authentication.AppModule, null);
    await client.connectWebSocket();
    await client.board.sendStreamMessage(say('before'));
    await authentication.signInAndOut(client, account, 'good');

    expect(client.connectionStatus).toMatchObject({ kind: 'connected', user: null });
    await until(() => app.get(StreamsService).counters().sessions === 1);
  });

  it('keeps the basket of a visitor who signs in', async () => {
    const client = await connected(authentication.AppModule, null);
    await client.connectWebSocket();
    const reader = client.basket.stream[Symbol.asyncIterator]();
    await client.basket.sendStreamMessage(say('tea'));
    expect(await reader.next()).toMatchObject({ value: { text: 'a visitor has tea' } });
    account.token = 'good';
    await client.authenticate();
    await client.basket.sendStreamMessage(say('milk'));

    expect(await reader.next()).toMatchObject({ value: { text: 'Ada has tea, milk' } });
  });

  it('ends the streams of a user who has signed out, and says so to their readers', async () => {
    const client = await connected(authentication.AppModule, 'good');
    await client.connectWebSocket();
    await client.desk.sendStreamMessage(say('here'));
    const reader = client.desk.stream[Symbol.asyncIterator]();
    expect(await reader.next()).toMatchObject({ value: { text: 'Ada: here' } });
    const next = reader.next();
    account.token = null;
    await client.authenticate();

    expect(await reasonOf(next)).toBe('UNAUTHENTICATED');
    expect(await reasonOf(client.desk.sendStreamMessage(say('again')))).toBe('UNAUTHENTICATED');
  });

  it('opens new sessions for another user on the same connection', async () => {
    const client = await connected(authentication.AppModule, 'good');
    app.get(authentication.TokensService).known.set('other', { ...ada, userId: 'grace', name: 'Grace' });
    await client.connectWebSocket();
    const { connection } = client.connectionStatus as { connection: string };
    Object.assign(account, { token: 'other', renew: () => Promise.resolve('other') });
    await client.authenticate();

    expect(client.connectionStatus).toEqual({ kind: 'connected', user: 'grace', connection });
  });

  it('renews a credential that has ended', async () => {
    const client = await connected(authentication.AppModule, 'old');
    const tokens = app.get(authentication.TokensService);
    tokens.known.set('old', { ...ada, exp: 1 });
    account.renew = () => Promise.resolve('good');
    await client.connectWebSocket();
    const reasons: string[] = [];
    const { renew } = account;
    account.renew = () => (reasons.push(client.connectionStatus.kind), renew());

    await until(() => reasons.length === 1 && client.connectionStatus.kind === 'connected');
    expect(reasons).toEqual(['connecting']);
    expect(await reasonOf(client.desk.sendStreamMessage(say('new')))).toBeUndefined();
  });

  it('refuses a credential that is not accepted, after one renewal', async () => {
    const client = await connected(authentication.AppModule, 'forged');

    expect(await reasonOf(client.connectWebSocket())).toBeUndefined();
    expect(client.connectionStatus).toMatchObject({ kind: 'connected', user: null });

    account.renew = () => Promise.resolve('forged too');
    account.token = 'forged';
    expect(await reasonOf(client.authenticate())).toBe('UNAUTHENTICATED');
    await client.close();
    expect(await reasonOf(client.connectWebSocket())).toBe('CLIENT_CLOSED');
    expect(client.connectionStatus).toMatchObject({ kind: 'closed', code: 4501 });
  });

  it('can refuse anonymous connections altogether', async () => {
    const { MembersOnlyAuthenticator: authenticator, TokensModule } = authentication;
    @Module({ imports: [StreamsModule.forRoot({ authenticator, imports: [TokensModule] })] })
    class MembersModule {}
    const client = await connected(MembersModule, null);

    expect(await reasonOf(client.connectWebSocket())).toBe('CLIENT_CLOSED');
    expect(client.connectionStatus).toMatchObject({ kind: 'closed', code: 4501 });
    account.token = 'good';
    expect(await reasonOf(client.connectWebSocket())).toBeUndefined();
  });

  it('takes the credential from a cookie, from the pages that may', async () => {
    const url = await serve(authentication.CookieModule);
    app.get(authentication.TokensService).known.set('good', ada);
    const welcomeOf = (headers: Record<string, string>) =>
      new Promise<unknown>((resolve) => {
        const socket = new WebSocket(url, { headers });
        closing.push(() => Promise.resolve(socket.terminate()));
        socket.on('open', () => socket.send('{"t":"hello","v":1}'));
        socket.on('message', (data: Buffer) => resolve((JSON.parse(String(data)) as { user: unknown }).user));
        socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
        socket.on('error', () => undefined);
      });

    const cookie = 'session=good';
    expect(await welcomeOf({ cookie, origin: 'https://app.example.com' })).toBe('ada');
    expect(await welcomeOf({ cookie, origin: 'http://localhost:5173' })).toBe('ada');
    expect(await welcomeOf({ cookie, origin: 'https://evil.example.com' })).toBe(403);
    expect(await welcomeOf({ cookie })).toBe(403);
  });
});

describe('docs/migrating-from-gateways.md', () => {
  it.each([
    ['the adapter that streams bring', () => undefined],
    [
      'the adapter that the application has',
      (it: INestApplication) => it.useWebSocketAdapter(new WsAdapter(it)),
    ],
  ])('runs the gateway and the endpoint beside each other, with %s', async (_name, prepare) => {
    const url = await serve(gateways.AuctionModule, prepare);
    const old = new WebSocket(url.replace('/streams', '/bids'));
    closing.push(() => Promise.resolve(old.terminate()));
    const heard: string[] = [];
    old.on('message', (data: Buffer) => heard.push(String(data)));
    old.on('open', () => {
      old.send('{"event":"watch","data":{"lot":"lamp"}}');
      old.send('{"event":"bid","data":{"lot":"lamp","cents":100}}');
    });
    const client = await gateways.bidOnce(url);
    closing.push(() => client.close());

    await until(() => heard.includes('{"event":"highest","data":{"lot":"lamp","cents":100}}'));
    expect(
      await reasonOf(client.bids.sendStreamMessage(create(gateways.Bid, { lot: 'vase', cents: 1 }))),
    ).toBe('TOO_LOW');
  });

  it('answers each question with its own data, also when several are on their way', async () => {
    const url = await serve(gateways.AuctionModule);
    app.get(gateways.AuctionService).bid('lamp', 100);
    app.get(gateways.AuctionService).bid('vase', 700);
    const client = gateways.connectPrices(url);
    closing.push(() => client.close());
    await client.connectWebSocket();
    const lots = ['lamp', 'vase', 'lamp'];

    expect(await Promise.all(lots.map((lot) => gateways.askPrice(client, lot)))).toEqual([100, 700, 100]);
    expect(await client.prices.sendStreamMessage(create(gateways.AskPrice, { id: '1', lot: 'vase' }))).toBe(
      undefined,
    );
  });

  it('keeps state for as long as a stream is open', async () => {
    const client = await gateways.bidOnce(await serve(gateways.AuctionModule));
    await client.paddle.sendStreamMessage(create(gateways.Bid, { lot: 'vase', cents: 600 }));
    await client.close();

    const { left } = app.get(gateways.AuctionService);
    await until(() => left.length === 1);
    expect(left).toEqual(['closed-by-client after 1']);
  });
});

describe('docs/coming-from-serverpod.md', () => {
  it('plays', async () => {
    const shown: string[] = [];
    await serverpod.play(await serve(serverpod.GameModule), (text) => shown.push(text));

    expect(shown).toEqual(['connecting', 'connected', 'ada is at 3,4']);
    expect(app.get(serverpod.PixelsController).seen).toEqual([
      create(serverpod.Moved, { player: 'ada', x: 3, y: 4 }),
    ]);
    expect(await app.get(serverpod.PixelsController).place('1', '2')).toEqual({ delivered: 'local' });
  });
});
