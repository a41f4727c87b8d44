import { Injectable, Logger } from '@nestjs/common';
import { CloseCode } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  type StreamsModuleOptions,
  type StreamUser,
} from '@nestwire/streams';
import { RawSocket } from '../rig/raw-socket.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { Note, note } from './messages.js';
import { failureOf, Latch, startApp, stopAll, type RunningApp } from './start-app.js';

/** The users of the tokens, on all servers; a test changes them. */
const accounts = new Map<string, StreamUser>();
/** Tokens whose question is answered when the latch opens, with what the account was when it was asked. */
const slow = new Map<string, Latch>();
const failing = new Set<string>();
let asked: string[] = [];
let closed: string[] = [];
const RECHECK_MS = 300;
const FEED = 'revocation-feed';
const DESK = 'revocation-desk';

@Injectable()
class Accounts extends StreamAuthenticator {
  async authenticate({ token }: StreamHandshake): Promise<StreamUser | null> {
    if (!token) return null;
    asked.push(token);
    if (failing.has(token)) throw new Error('the database is away');
    const user = accounts.get(token) ?? null;
    await slow.get(token)?.pass();
    return user;
  }
}

@StreamEndpoint('lobby')
class LobbyEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note, StreamUser | null>): Promise<void> {
    await session.subscribe(FEED);
  }

  @OnStreamMessage(Note)
  say(session: StreamSession<Note, StreamUser | null>, message: Note): Note {
    return note(`${session.user?.id ?? 'nobody'}: ${message.text}`);
  }

  @OnStreamClosed()
  closed(_session: StreamSession, { code, connectionCode }: SessionCloseReason): void {
    closed.push(`lobby ${code} ${connectionCode ?? ''}`.trim());
  }
}

@StreamEndpoint('moderation', { requiredScopes: ['moderator'] })
class ModerationEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note, StreamUser>): Promise<void> {
    await session.subscribe(DESK);
  }

  @OnStreamClosed()
  closed(_session: StreamSession, { code }: SessionCloseReason): void {
    closed.push(`moderation ${code}`);
  }
}

const start = (options: StreamsModuleOptions = {}) =>
  startApp({
    options: { authenticator: Accounts, recheckMs: 0, ...options },
    providers: [LobbyEndpoint, ModerationEndpoint],
  });

const open = (id: number, endpoint: string) => ({ t: 'open', id, endpoint });

async function join(server: RunningApp, token?: string, ...endpoints: string[]): Promise<RawSocket> {
  const raw = await RawSocket.hello(server.port, token);
  for (const [index, endpoint] of ['lobby', ...endpoints].entries()) {
    raw.sendJson(open(index + 1, endpoint));
    await raw.frame('opened', index + 1);
  }
  return raw;
}

async function isAlive(raw: RawSocket): Promise<boolean> {
  if (raw.closeCode !== undefined || raw.isEnded) return false;
  const before = raw.frames.filter(({ t }) => t === 'pong').length;
  raw.sendJson({ t: 'ping' });
  await raw.until(() => raw.frames.filter(({ t }) => t === 'pong').length > before || raw.isEnded);
  return !raw.isEnded;
}

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  accounts.clear();
  slow.clear();
  failing.clear();
  asked = [];
  closed = [];
  for (const token of ['ada-1', 'ada-2']) accounts.set(token, { id: 'ada', tokenId: token });
  accounts.set('bob-1', { id: 'bob' });
});
afterEach(stopAll);

describe('A revocation', () => {
  it('closes for good what the authenticator no longer accepts, and runs @OnStreamClosed once', async () => {
    const server = await start();
    const [ada, bob, nobody] = [await join(server, 'ada-1'), await join(server, 'bob-1'), await join(server)];
    accounts.delete('ada-1');

    expect(await server.streams.revoke({ userId: 'ada' })).toEqual({ delivered: 'local' });

    expect(await ada.closing()).toBe(CloseCode.Revoked);
    expect(await Promise.all([bob, nobody].map(isAlive))).toEqual([true, true]);
    await ada.ended();
    expect(closed).toEqual([`lobby identity-changed ${CloseCode.Revoked}`]);
    expect(asked).toEqual(['ada-1', 'bob-1', 'ada-1']);
  });

  it('leaves open what the authenticator accepts', async () => {
    const server = await start();
    const ada = await join(server, 'ada-1');

    await server.streams.revoke({ userId: 'ada' });

    expect(asked).toEqual(['ada-1', 'ada-1']);
    expect(await isAlive(ada)).toBe(true);
  });

  it('does nothing by itself: without it, and without rechecks, what was open stays open', async () => {
    const server = await start();
    const ada = await join(server, 'ada-1');
    accounts.delete('ada-1');
    const atMs = performance.now();
    await until(() => performance.now() - atMs > 2 * RECHECK_MS);

    expect(await isAlive(ada)).toBe(true);
  });

  it('closes the streams alone that the new user may not have open', async () => {
    accounts.set('ada-1', { id: 'ada', scopes: ['moderator'] });
    const server = await start();
    const ada = await join(server, 'ada-1', 'moderation');
    accounts.set('ada-1', { id: 'ada', scopes: [] });

    await server.messages.postMessage(DESK, note('before'));
    await ada.frame('publication');
    await server.streams.revoke({ userId: 'ada', scopes: ['moderator'] });
    await server.messages.postMessage(DESK, note('after'));

    expect(await ada.frame('closed')).toMatchObject({
      stream: 'moderation',
      reason: { code: 'access-lost' },
    });
    await until(() => closed.length);
    await isAlive(ada);
    expect(closed).toEqual(['moderation access-lost']);
    expect(ada.frames.filter(({ t }) => t === 'publication')).toHaveLength(1);
    ada.sendJson(open(9, 'moderation'));
    expect(await ada.frame('error', 9)).toMatchObject({ error: { code: 'FORBIDDEN' } });
  });

  it('of scopes asks about nobody who has none of them', async () => {
    accounts.set('ada-2', { id: 'ada', scopes: ['moderator', 'writer'] });
    const server = await start();
    await join(server, 'ada-1');
    await join(server, 'ada-2');
    asked = [];

    await server.streams.revoke({ userId: 'ada', scopes: ['moderator', 'owner'] });

    expect(asked).toEqual(['ada-2']);
  });

  it('closes for its renewal a connection whose credential has expired meanwhile', async () => {
    accounts.set('ada-1', { id: 'ada', expiresAt: Date.now() - 1 });
    const server = await start();
    const ada = await join(server, 'ada-1');
    accounts.delete('ada-1');

    await server.streams.revoke({ userId: 'ada' });

    expect(await ada.closing()).toBe(CloseCode.CredentialExpired);
  });

  it('closes for its return a connection that the authenticator fails at', async () => {
    const server = await start();
    const ada = await join(server, 'ada-1');
    failing.add('ada-1');

    await server.streams.revoke({ userId: 'ada' });

    expect(await ada.closing()).toBe(CloseCode.CredentialExpired);
    expect(closed).toEqual([`lobby connection-lost ${CloseCode.CredentialExpired}`]);
  });

  it('closes for its return a connection that the authenticator does not answer about, which works until then', async () => {
    const server = await start({ limits: { authenticationTimeoutMs: 200 } });
    const ada = await join(server, 'ada-1');
    slow.set('ada-1', new Latch());
    const revoked = server.streams.revoke({ userId: 'ada' });
    await until(() => slow.get('ada-1')!.size);

    ada.sendJson({ t: 'message', id: 5, stream: 'lobby', type: 'e2e.note', data: { text: 'still here' } });
    expect(await ada.frame('message')).toMatchObject({ data: { text: 'ada: still here' } });
    expect(await ada.closing()).toBe(CloseCode.CredentialExpired);
    await revoked;
  });

  it('reaches a connection whose sign-in was answered before it and has not arrived yet', async () => {
    const server = await start();
    slow.set('ada-1', new Latch());
    const ada = await RawSocket.upgrade(server.port);
    ada.sendJson({ t: 'hello', v: 1, token: 'ada-1' });
    await until(() => slow.get('ada-1')!.size);
    accounts.delete('ada-1');

    await server.streams.revoke({ userId: 'ada' });
    slow.get('ada-1')!.open();

    expect(await ada.closing()).toBe(CloseCode.Unauthenticated);
    expect(ada.frames.map(({ t }) => t)).not.toContain('welcome');
  });

  it('judges a connection that signs in meanwhile by its new credential', async () => {
    const server = await start();
    const ada = await join(server, 'ada-1');
    slow.set('ada-1', new Latch());
    accounts.delete('ada-1');
    const revoked = server.streams.revoke({ userId: 'ada' });
    await until(() => slow.get('ada-1')!.size);
    ada.sendJson({ t: 'auth', id: 7, token: 'ada-2' });
    await ada.frame('authenticated', 7);
    slow.get('ada-1')!.open();
    await revoked;

    expect(await isAlive(ada)).toBe(true);
    expect(asked).toEqual(['ada-1', 'ada-1', 'ada-2', 'ada-2']);
  });

  it('waits for a sign-in that is under way, whose credential then counts', async () => {
    const server = await start();
    const ada = await join(server, 'ada-1');
    slow.set('ada-2', new Latch());
    ada.sendJson({ t: 'auth', id: 7, token: 'ada-2' });
    await until(() => slow.get('ada-2')!.size);
    accounts.delete('ada-1');
    const revoked = server.streams.revoke({ userId: 'ada' });
    await until(() => asked.filter((token) => token === 'ada-1').length === 2);
    slow.get('ada-2')!.open();
    await revoked;

    await ada.frame('authenticated', 7);
    expect(await isAlive(ada)).toBe(true);
  });

  it('is refused without an authenticator, and without a user', async () => {
    const server = await start();
    const without = await start({ authenticator: undefined });

    expect(await failureOf(without.streams.revoke({ userId: 'ada' }))).toMatchObject({
      code: 'STREAMS_CONFIGURATION',
    });
    for (const wrong of [{ userId: '' }, { userId: undefined! }, { userId: 'ada', scopes: [] }])
      expect(await failureOf(server.streams.revoke(wrong))).toMatchObject({ code: 'INVALID_MESSAGE' });
  });

  it('is no message of the application', async () => {
    const server = await start();
    await server.streams.revoke({ userId: 'ada' });

    expect(server.messages.counters()).toMatchObject({ posted: 0, received: 0 });
    await expect(server.messages.addListener('nestwire#revocations', () => undefined)).rejects.toMatchObject({
      code: 'BAD_CHANNEL',
    });
  });
});

describe('A recheck', () => {
  it('closes for its renewal what the authenticator no longer accepts', async () => {
    const server = await start({ recheckMs: RECHECK_MS });
    const [ada, bob] = [await join(server, 'ada-1'), await join(server, 'bob-1')];
    accounts.delete('ada-1');
    const atMs = performance.now();

    expect(await ada.closing()).toBe(CloseCode.CredentialExpired);
    expect(performance.now() - atMs).toBeLessThan(10 * RECHECK_MS);
    await until(() => asked.filter((token) => token === 'bob-1').length >= 4);
    expect(await isAlive(bob)).toBe(true);
  });

  it('never asks about more than sixteen connections at once', async () => {
    const server = await start({
      recheckMs: 50,
      limits: { maxConnectionsPerUser: 100, authenticationTimeoutMs: 3_000 },
    });
    await Promise.all(Array.from({ length: 30 }, () => join(server, 'ada-1')));
    const latch = new Latch();
    slow.set('ada-1', latch);
    await until(() => latch.size >= 16);
    const atMs = performance.now();
    await until(() => performance.now() - atMs > 200);

    expect(latch.size).toBe(16);
    latch.open();
    await until(() => asked.length > 100);
    expect(server.streams.counters().connections).toBe(30);
  });
});

describeWithRedis('A revocation on two servers', (redis) => {
  const QUICK = {
    commandTimeoutMs: 300,
    connectTimeoutMs: 300,
    maxReconnectDelayMs: 100,
    probeIntervalMs: 200,
  };
  const cluster = (options: StreamsModuleOptions = {}) =>
    Promise.all([1, 2].map(() => start({ redis: { connection: redis().url, ...QUICK }, ...options })));

  it('closes on both within two seconds', async () => {
    const [one, two] = (await cluster()) as [RunningApp, RunningApp];
    const tookMs: number[] = [];
    const revokeOne = async (id: string) => {
      accounts.set(id, { id });
      const [here, there] = [await join(one, id), await join(two, id)];
      accounts.delete(id);
      const atMs = performance.now();

      expect(await one.streams.revoke({ userId: id })).toEqual({ delivered: 'global' });
      const codes = await Promise.all([here, there].map((raw) => raw.closing()));

      tookMs.push(performance.now() - atMs);
      expect(codes).toEqual([CloseCode.Revoked, CloseCode.Revoked]);
    };
    // The other server rechecks users in rounds, so several can be revoked in one.
    for (let run = 0; run < 5; run++)
      await Promise.all(['eve', 'kay', 'lea', 'zoe'].map((name) => revokeOne(`${name}-${run}`)));
    tookMs.sort((a, b) => a - b);
    console.info(
      `revoked on two servers within ms: median ${tookMs[10]!.toFixed(1)}, most ${tookMs[19]!.toFixed(1)}`,
    );
    expect(tookMs[19]).toBeLessThan(2_000);
    expect(two.messages.counters().received).toBe(0);
  });

  it('closes by the id of the token alone, and nothing of others', async () => {
    const [one, two] = (await cluster()) as [RunningApp, RunningApp];
    const stays = await Promise.all(
      [one, two].flatMap((server) => [join(server, 'ada-2'), join(server, 'bob-1'), join(server)]),
    );
    const goes = await Promise.all([one, two].map((server) => join(server, 'ada-1')));
    accounts.delete('ada-1');
    await two.streams.revoke({ userId: 'ada', tokenId: 'ada-1' });

    expect(await Promise.all(goes.map((raw) => raw.closing()))).toEqual([
      CloseCode.Revoked,
      CloseCode.Revoked,
    ]);
    expect(await Promise.all(stays.map(isAlive))).toEqual(stays.map(() => true));
    expect(asked.filter((token) => token === 'ada-2')).toHaveLength(2);
  });

  it('lets nothing reach a client after its close', async () => {
    accounts.set('ada-1', { id: 'ada', scopes: ['moderator'] });
    const [one, two] = (await cluster()) as [RunningApp, RunningApp];
    const gone = await join(one, 'ada-1');
    const narrowed = await join(one, 'bob-1');
    const posting = setInterval(() => void two.messages.postMessage(FEED, note('more')), 1);
    await gone.frame('publication').catch(() => undefined);
    accounts.delete('ada-1');
    await two.streams.revoke({ userId: 'ada' });
    await gone.closing();
    const before = gone.frames.length;
    const seen = narrowed.frames.length;
    await until(() => narrowed.frames.length > seen + 50);
    clearInterval(posting);

    expect(gone.frames).toHaveLength(before);
    expect(await isAlive(narrowed)).toBe(true);
  });

  it('says that it reached this process alone while Redis is down, and the recheck does the rest', async () => {
    const [one, two] = (await cluster({ recheckMs: 1_000 })) as [RunningApp, RunningApp];
    const [here, there] = [await join(one, 'ada-1'), await join(two, 'ada-1')];
    await redis().kill();
    await until(() => one.messages.status === 'degraded');
    accounts.delete('ada-1');

    expect(await one.streams.revoke({ userId: 'ada' })).toEqual({ delivered: 'degraded' });
    expect(await here.closing()).toBe(CloseCode.Revoked);
    expect(await there.closing()).toBe(CloseCode.CredentialExpired);
    await redis().restart();
  });
});
