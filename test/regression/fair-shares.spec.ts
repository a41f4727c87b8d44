import type { Server } from 'node:http';
import { jest } from '@jest/globals';
import { Inject, Injectable, Logger, Module } from '@nestjs/common';
import {
  StreamAuthenticator,
  type StreamHandshake,
  type StreamsLimits,
  type StreamUser,
} from '@nestwire/streams';
import { Latch, startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';

@Injectable()
class Desk {
  readonly latch = new Latch();
  asked = 0;
}

@Module({ providers: [Desk], exports: [Desk] })
class DeskModule {}

@Injectable()
class Users extends StreamAuthenticator {
  constructor(@Inject(Desk) private readonly desk: Desk) {
    super();
  }

  async authenticate({ token }: StreamHandshake): Promise<StreamUser | null> {
    this.desk.asked++;
    if (token?.startsWith('slow')) await this.desk.latch.pass();
    return !token || token.startsWith('bad') ? null : { id: token };
  }
}

const [HEAVY, HONEST] = ['203.0.113.7', '203.0.113.8'];

const start = (limits: Partial<StreamsLimits>, trustProxy: false | number = 1) =>
  startApp({
    options: {
      authenticator: Users,
      imports: [DeskModule],
      trustProxy,
      limits: { connectsPerSecondPerAddress: 2_000, ...limits },
    },
    imports: [DeskModule],
  });

const upgrade = ({ port }: RunningApp, address: string) =>
  RawSocket.upgrade(port, '/streams', { 'X-Forwarded-For': address });

/** Says hello from an address; the outcome is a status, a close code, or welcome. */
async function enter(target: RunningApp, address: string, token?: string): Promise<unknown> {
  const raw = await upgrade(target, address);
  if (raw.status !== 101) return raw.status;
  raw.sendJson({ t: 'hello', v: 1, token });
  await raw.until(() => raw.closeCode !== undefined || raw.frames.length > 0 || raw.isEnded);
  return raw.closeCode ?? raw.frames[0]?.t;
}

afterEach(stopAll);

describe('New connections', () => {
  const limits = { connectsPerSecond: 20, connectsPerSecondPerAddress: 1 };

  it('of an address that has too many are not taken from the others', async () => {
    const target = await start(limits);

    const heavy = await Promise.all(Array.from({ length: 80 }, () => upgrade(target, HEAVY)));

    expect(heavy.filter(({ status }) => status === 429).length).toBeGreaterThan(60);
    expect((await upgrade(target, HONEST)).status).toBe(101);
    expect(target.streams.counters().refusedUpgrades).toBeGreaterThan(60);
  });

  it('of many addresses use up what all have', async () => {
    const target = await start({ ...limits, connectsPerSecond: 2 });

    const all = await Promise.all(
      Array.from({ length: 80 }, (_, index) => upgrade(target, `203.0.114.${index}`)),
    );

    expect(all.filter(({ status }) => status === 503).length).toBeGreaterThan(20);
  });

  it.each([
    ['that is known', 1],
    ['that may be a proxy', false],
  ] as const)('of one address %s leave room for the hello of others', async (_, trustProxy) => {
    const target = await start({ maxHandshakes: 8, maxHandshakesPerAddress: 4 }, trustProxy);

    const statuses: Array<number | undefined> = [];
    for (let count = 0; count < 6; count++) statuses.push((await upgrade(target, HEAVY)).status);

    expect(statuses).toEqual([101, 101, 101, 101, 429, 429]);
  });

  it('of users behind one address are as many as there are users', async () => {
    const target = await start({ maxConnectionsPerAddress: 3, maxConnectionsPerUser: 1 });
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);

    const entered: unknown[] = [];
    for (const user of users) entered.push(await enter(target, HEAVY, user));
    const anonymous: unknown[] = [];
    for (let count = 0; count < 4; count++) anonymous.push(await enter(target, HEAVY));

    expect(new Set(entered)).toEqual(new Set(['welcome']));
    expect(anonymous).toEqual(['welcome', 'welcome', 'welcome', 429]);
    expect(await enter(target, HEAVY, 'user-0')).toBe(429);
  });
});

describe('Sign-ins', () => {
  const limits = { maxSignIns: 4, maxSignInsPerAddress: 2 };

  /** Lets slow sign-ins of an address wait for the authenticator. */
  const crowd = async (target: RunningApp) => {
    for (let index = 0; index < 10; index++) {
      const raw = await upgrade(target, HEAVY);
      raw.sendJson({ t: 'hello', v: 1, token: `slow-${index}` });
    }
    await until(() => target.streams.counters().waitingSignIns === 8);
  };

  it('of one address do not hold up another', async () => {
    const target = await start(limits);
    await crowd(target);

    expect(await enter(target, HONEST, 'ada')).toBe('welcome');
  });

  it('of one address wait for each other', async () => {
    const target = await start(limits);
    await crowd(target);
    const raw = await upgrade(target, HEAVY);
    raw.sendJson({ t: 'hello', v: 1, token: 'ada' });
    await until(() => target.streams.counters().waitingSignIns === 9);

    target.get(Desk).latch.open();

    await raw.frame('welcome');
    await until(() => target.streams.counters().waitingSignIns === 0);
    expect(target.get(Desk).asked).toBe(11);
  });

  it('are not asked about for clients that have left', async () => {
    const target = await start(limits);
    await crowd(target);

    RawSocket.destroyAllBut();
    await until(() => target.streams.counters().connections === 0);
    target.get(Desk).latch.open();

    expect(await enter(target, HEAVY, 'ada')).toBe('welcome');
    expect(target.get(Desk).asked).toBe(3);
  });

  it('that guess over many connections are stopped, and nobody else is', async () => {
    const target = await start({ maxRefusedSignInsPerAddress: 3 });
    expect(await enter(target, HEAVY, 'ada')).toBe('welcome');

    const guesses: unknown[] = [];
    for (let index = 0; index < 6; index++) guesses.push(await enter(target, HEAVY, `bad-${index}`));

    expect(guesses).toEqual([4501, 4501, 4501, 4004, 4004, 4004]);
    expect(target.get(Desk).asked).toBe(4);
    // A credential that was accepted lately, an anonymous client, and another address.
    expect(await enter(target, HEAVY, 'ada')).toBe('welcome');
    expect(await enter(target, HEAVY)).toBe('welcome');
    expect(await enter(target, HONEST, 'bob')).toBe('welcome');
    expect(target.streams.counters()).toMatchObject({ refusedCredentials: 3, limitedSignIns: 3 });
  });

  it('that guess on an open connection are stopped too, and one with a user goes on', async () => {
    const target = await start({ maxRefusedSignInsPerAddress: 1 });
    const raw = await upgrade(target, HEAVY);
    raw.sendJson({ t: 'hello', v: 1 });
    await raw.frame('welcome');

    raw.sendJson({ t: 'auth', id: 1, token: 'bad' });
    raw.sendJson({ t: 'auth', id: 2, token: 'eve' });

    expect(await raw.frame('error', 1)).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
    expect(await raw.frame('error', 2)).toMatchObject({
      error: { code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) },
    });
  });
});

describe('An HTTP server without timeouts', () => {
  it.each([
    [0, 1],
    [10_000, 0],
  ])('is warned of at the start, with a headersTimeout of %i', async (headersTimeout, expected) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);

    await startApp({
      prepare: (app) => Object.assign(app.getHttpServer() as Server, { headersTimeout, requestTimeout: 0 }),
    });

    const warnings = warn.mock.calls.filter(([text]) => String(text).includes('unfinished requests'));
    warn.mockRestore();
    expect(warnings).toHaveLength(expected);
  });
});

describe('A proxy that sends no address', () => {
  it.each([
    [1, {}, 1],
    [['127.0.0.1'], {}, 1],
    // Negative controls: the header is there, or nobody is believed.
    [1, { 'X-Forwarded-For': HONEST }, 0],
    [['10.0.0.1'], {}, 0],
    [0, {}, 0],
  ] as const)('is warned of once: %j, %j', async (trustProxy, headers, expected) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const target = await startApp({ options: { trustProxy } });

    for (let count = 0; count < 3; count++) await RawSocket.upgrade(target.port, '/streams', headers);

    const warnings = warn.mock.calls.filter(([text]) => String(text).includes('without X-Forwarded-For'));
    warn.mockRestore();
    expect(warnings).toHaveLength(expected);
  });
});
