import { Injectable, Logger, type LoggerService } from '@nestjs/common';
import {
  defineChannel,
  DurableConsumersService,
  PresenceService,
  type PresenceOptions,
} from '@nestwire/messages';
import { RedisBroker } from '@nestwire/messages/redis';
import { CodedError } from '@nestwire/protocol';
import {
  OnStreamMessage,
  StreamAuthenticator,
  StreamEndpoint,
  StreamSession,
  type StreamHandshake,
  type StreamUser,
} from '@nestwire/streams';
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { Note, note, Task } from '../e2e/messages.js';
import { failureOf, startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { RawSocket } from '../rig/raw-socket.js';
import { redisEnvelope } from '../rig/redis-envelope.js';
import { redisKey } from '../rig/redis-key.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';

/** The history that a server with connections follows itself, for orders to close streams. */
const OWN = 1;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const room = defineChannel('room', { messages: [Note], history: { messages: 50, ageMs: MINUTE_MS } });
const lines: string[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);
let asked = 0;

@Injectable()
class Accounts extends StreamAuthenticator {
  async authenticate({ token }: StreamHandshake): Promise<StreamUser | null> {
    asked++;
    return token ? { id: token } : null;
  }
}

@StreamEndpoint('till')
class TillEndpoint {
  @OnStreamMessage(Note, { once: true })
  pay(_session: StreamSession, { text }: Note): void {
    if (text === 'refuse') throw new CodedError('NO_FUNDS', 'x'.repeat(10_000));
  }

  @OnStreamMessage(Task)
  async join(session: StreamSession<Note>, { text }: Task): Promise<void> {
    await session.subscribe(room(text) as never);
  }
}

/** After an application has started: it brings a logger of its own. */
function listenToLog(): void {
  const write = (...parts: unknown[]) => void lines.push(parts.map(String).join(' '));
  Logger.overrideLogger({ log: write, error: write, warn: write } as LoggerService);
}

beforeAll(() => {
  listenToLog();
  process.on('unhandledRejection', onUnhandled);
});

afterEach(async () => {
  await stopAll();
  expect(unhandled).toEqual([]);
  lines.length = 0;
  asked = 0;
});

afterAll(() => void process.off('unhandledRejection', onUnhandled));

describeWithRedis('Data from Redis', (redis) => {
  let client: Redis;
  beforeEach(async () => {
    client = new Redis(redis().url);
    await client.flushall();
  });
  afterEach(() => client.disconnect());

  const start = (presence?: PresenceOptions): Promise<RunningApp> =>
    startApp({
      options: {
        // Some tests write megabytes, during which Redis may not answer for seconds on a busy machine.
        redis: { connection: redis().url, commandTimeoutMs: 15_000, probeTimeoutMs: 60_000 },
        authenticator: Accounts,
        messages: { ...(presence && { presence }) },
      },
      providers: [TillEndpoint],
    });
  const hello = async (
    { port }: RunningApp,
    token?: string,
    name = randomBytes(16).toString('base64url'),
  ) => {
    const raw = await RawSocket.upgrade(port);
    raw.sendJson({ t: 'hello', v: 1, token, client: name });
    await raw.frame('welcome');
    raw.sendJson({ t: 'open', id: 1, endpoint: 'till' });
    await raw.frame('opened', 1);
    return raw;
  };
  const message = (id: number, type: string, data: object, more = {}) => {
    return { t: 'message', id, stream: 'till', type, data, ...more };
  };
  const growth = async (): Promise<number> => {
    const keys = (await client.keys('*')).filter((key) => !/:(secret|n|n:.*)$/.test(key));
    const sizes = await Promise.all(keys.map((key) => client.memory('USAGE', key)));
    return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  };

  describe('of handlers with once', () => {
    it('is not written for an invalid message, whether it comes the first time or again', async () => {
      const raw = await hello(await start());
      raw.sendJson(message(2, 'e2e.note', { text: 7 }));
      raw.sendJson(message(3, 'e2e.note', { text: 7 }, { redelivered: true }));
      const answers = [await raw.frame('error', 2), await raw.frame('error', 3)];

      expect(answers).toMatchObject([
        { error: { code: 'INVALID_MESSAGE' } },
        { error: { code: 'INVALID_MESSAGE' } },
      ]);
      expect(await client.keys('nestwire:o:*')).toEqual([]);

      // A valid one is claimed: the check above can fail.
      raw.sendJson(message(4, 'e2e.note', { text: 'pay' }));
      await until(async () => (await client.keys('nestwire:o:*')).length === 1);
    });

    it('grows by no more than four times the bytes that a client sent', async () => {
      const raw = await hello(await start());
      let sent = 0;
      for (let id = 2; id < 102; id++) {
        const frame = message(id, 'e2e.note', { text: id % 2 ? 'refuse' : `an order of one thing, ${id}` });
        sent += JSON.stringify(frame).length;
        raw.sendJson(frame);
        if (id % 2) await raw.frame('error', id);
      }
      await until(async () => (await client.keys('nestwire:o:*')).length === 100);
      for (let id = 102; id < 112; id++) {
        const frame = message(id, 'e2e.task', { text: `nobody-posts-to-${id}` });
        sent += JSON.stringify(frame).length;
        raw.sendJson(frame);
      }
      await until(async () => (await client.keys('nestwire:m:*')).length === 10 + OWN);

      expect(await growth()).toBeLessThan(4 * sent);
    });

    it.each([
      ['no JSON', 's{"code":'],
      ['no error', 's[1]'],
      ['an error without a code', 's{"message":"x"}'],
      ['a code that is none', 's{"code":"<script>","message":"x"}'],
      ['endless', `s{"code":"X","message":"${'x'.repeat(1_000_000)}"}`],
      ['neither running nor settled', 'junk'],
    ])('ends with a code when a claim is %s', async (_what, value) => {
      const app = await start();
      const name = randomBytes(16).toString('base64url');
      const raw = await hello(app, undefined, name);
      raw.sendJson(message(2, 'e2e.note', { text: 'pay' }));
      await until(async () => (await client.keys('nestwire:o:*')).length === 1);
      const [key] = await client.keys('nestwire:o:*');
      await raw.frame('ack');
      await client.set(key!, value);
      // Another server knows the message by its claim alone.
      const other = await hello(await start(), undefined, name);
      other.sendJson(message(2, 'e2e.note', { text: 'pay' }, { redelivered: true }));

      expect(await other.frame('error', 2)).toMatchObject({ error: { code: 'UNCERTAIN' } });
    });

    it('is no text of Redis in the answer when a claim is of another type', async () => {
      const app = await start();
      const raw = await hello(app);
      await client.config('SET', 'maxmemory', '1');
      raw.sendJson(message(2, 'e2e.note', { text: 'pay' }));
      const { error } = (await raw.frame('error', 2)) as { error: { code: string; message: string } };
      await client.config('SET', 'maxmemory', '0');

      expect(error.code).toBe('UNAVAILABLE');
      expect(error.message).not.toMatch(/OOM|maxmemory|command/);
      const posted = await failureOf(postTo(app, redis().url));
      expect(posted.message).not.toMatch(/OOM|maxmemory|script/);
    });
  });

  it('makes no more calls of the authenticator than rounds, however many notices name a user', async () => {
    const app = await start();
    await hello(app, 'ada');
    const calls = asked;
    const data = JSON.stringify({ from: 'forged', userId: 'ada' });
    const junk = [
      '{}',
      '{"userId":7}',
      '{"userId":"ada","scopes":"x"}',
      JSON.stringify({ userId: 'x'.repeat(5_000) }),
    ];
    const channel = redisKey('c', 'nestwire#revocations');
    const publications = [data, ...junk].map((text) => redisEnvelope(['nestwire.revocation', text]));
    const [listeners] = await Promise.all(publications.map((text) => client.publish(channel, text)));
    for (let count = 0; count < 3_000; count++) void client.publish(channel, publications[0]!);
    await client.publish(channel, publications[0]!);
    expect(listeners).toBe(1);
    await until(() => asked > calls);
    await new Promise((resolve) => setTimeout(resolve, 1_200));

    expect(asked - calls).toBeLessThanOrEqual(6);
  });

  it.each([
    ['is too short', (key: string) => client.set(key, 'x')],
    ['is of another type', (key: string) => client.hset(key, 'a', 'b')],
    ['is endless', (key: string) => client.set(key, 'x'.repeat(100_000))],
  ])('is no secret when it %s: it is refused and stays', async (_what, spoil) => {
    await spoil('nestwire:secret');
    const backend = new RedisBroker(redis().url);
    await backend.start({ receive: () => undefined, statusChanged: () => undefined });
    const before = await client.dump('nestwire:secret');
    const error = await failureOf(backend.secret());

    expect(error.code).toBe('BAD_SECRET');
    expect(error.message).not.toContain('WRONGTYPE');
    expect(await client.dump('nestwire:secret')).toEqual(before);
    await client.del('nestwire:secret');
    expect((await backend.secret()).length).toBeGreaterThanOrEqual(32);
    await backend.close();
  });

  it('is no member of a channel when it is junk, and the members are listed', async () => {
    const app = await start();
    listenToLog();
    const presence = app.get(PresenceService);
    await presence.join('desk', { id: 'one', userId: 'ada', data: { at: 'home' } });
    const key = (await client.keys('nestwire:p:*'))[0]!;
    await client.hset(key, 'junk', 'junk', 's|', '1|["a",""]', '|x', '1|["a",""]', 's|data', '1|["a","{"]');
    await client.hset(key, 's|deep', `1|["a",${JSON.stringify('['.repeat(5_000))}]`, 's|n', '-1|["a",""]');
    await client.hset(key, 's|big', `9|["a",${JSON.stringify(JSON.stringify('x'.repeat(300_000)))}]`);
    await client.hset(key, 's|user', '1|[{"a":1},""]');

    expect(await presence.list('desk')).toMatchObject([{ id: 'ada', data: { at: 'home' } }]);
    expect(app.messages.counters().undecodable).toBe(8);
    expect(lines.filter((line) => line.includes('presence is not a connection'))).toHaveLength(1);

    await client.hset(key, '#n', 'NaN', '#e', '"');
    await presence.join('desk', { id: 'two', userId: 'bob' });
    await presence.leave('desk', 'one');
    expect(await presence.list('desk')).toMatchObject([{ id: 'bob' }]);
  });

  it('is removed where it stands for presence and is of another type, and the members come back', async () => {
    const app = await start({ leaseMs: 900 });
    const presence = app.get(PresenceService);
    await presence.join('desk', { id: 'one', userId: 'ada' });
    const spoil = async (key: string) => client.multi().del(key).set(key, 'junk').exec();
    for (const key of await client.keys('nestwire:p:*')) await spoil(key);
    for (const key of [...(await client.keys('nestwire:n')), ...(await client.keys('nestwire:nc:*'))])
      await spoil(key);
    await until(() => app.messages.status === 'connected');

    await presence.join('desk', { id: 'two', userId: 'bob' });
    expect(await presence.list('desk')).toMatchObject([{ id: 'bob' }]);
    await until(async () => (await presence.list('desk')).length === 2);
    await until(async () => (await client.type('nestwire:n')) === 'set');
    await presence.leave('desk', 'one');
    expect(await presence.list('desk')).toMatchObject([{ id: 'bob' }]);
  });

  it.each([
    ['fields', async (key: string) => fill(client, key, 3_000, '1|["a",""]'), 'PRESENCE_FULL'],
    ['bytes', async (key: string) => fill(client, key, 300, 'x'.repeat(300_000)), 'PRESENCE_FULL'],
    ['one huge value', async (key: string) => fill(client, key, 1, 'x'.repeat(50_000_000)), undefined],
  ])(
    'is not loaded when a room has too many %s, and is listed once they are gone',
    async (_what, spoil, code) => {
      const app = await start();
      listenToLog();
      const presence = app.get(PresenceService);
      await presence.join('desk', { id: 'one', userId: 'ada' });
      const key = (await client.keys('nestwire:p:*'))[0]!;
      await spoil(key);
      const before = (await client.info('stats')).match(/total_net_output_bytes:(\d+)/)![1]!;
      const listed = await presence.list('desk').catch((error: CodedError) => error);
      const after = (await client.info('stats')).match(/total_net_output_bytes:(\d+)/)![1]!;
      if (code) expect(listed).toMatchObject({ code });
      else expect(listed).toMatchObject([{ id: 'ada' }]);
      expect(Number(after) - Number(before)).toBeLessThan(100_000);

      const junk = (await client.hkeys(key)).filter((field) => field.startsWith('junk'));
      await client.hdel(key, ...junk);
      expect(await presence.list('desk')).toMatchObject([{ id: 'ada' }]);
    },
  );

  it('is cleaned of a server that is gone, whatever else the lists of servers and channels hold', async () => {
    const app = await start({ leaseMs: 300 });
    const presence = app.get(PresenceService);
    await presence.join('desk', { id: 'one', userId: 'ada' });
    const key = (await client.keys('nestwire:p:*'))[0]!;
    await client.hset(key, 'gone|two', '2|["bob",""]');
    await client.sadd('nestwire:nc:gone', 'desk', 'no channel', '', 'x'.repeat(100_000));
    await client.sadd(
      'nestwire:n',
      'a b',
      '',
      'x'.repeat(100_000),
      ...Array.from({ length: 2_000 }, (_, at) => `?${at}`),
    );
    await client.set('nestwire:nc:broken', 'of another type');
    await client.sadd('nestwire:n', 'broken', 'gone');
    await until(async () => (await client.hexists(key, 'gone|two')) === 0);
    await until(async () => (await client.scard('nestwire:n')) === 1);

    expect(await client.exists('nestwire:nc:broken', 'nestwire:nc:gone')).toBe(0);
    expect(await presence.list('desk')).toMatchObject([{ id: 'ada' }]);
  });

  it('has the time to live that docs/redis.md says, whatever kind of key it is', async () => {
    const app = await start();
    const raw = await hello(app);
    raw.sendJson(message(2, 'e2e.note', { text: 'pay' }));
    raw.sendJson(message(3, 'e2e.task', { text: 'silent' }));
    await app.messages.postMessage(room('loud'), note('1'));
    const reader = { name: 'worker', from: 'oldest' } as const;
    const subscription = await app
      .get(DurableConsumersService)
      .addConsumer(room('loud'), async () => undefined, reader);
    await app.get(PresenceService).join('desk', { id: 'one' });
    await until(async () => (await client.keys('nestwire:m:*')).length === 2 + OWN);
    await until(async () => (await client.keys('nestwire:o:*')).length === 1);
    subscription.remove();

    const ages: Record<string, number> = {
      'm of a silent history': 10 * MINUTE_MS,
      m: 7 * DAY_MS,
      s: MINUTE_MS,
      k: 150_000,
      r: 30 * DAY_MS,
      o: 150_000,
      p: DAY_MS,
      nc: DAY_MS,
      v: 2 * DAY_MS,
      n: DAY_MS,
      'n of a server': 30_000,
      secret: -1,
    };
    const seen = new Set<string>();
    for (const key of await client.keys('*')) {
      const kind = key.split(':')[1]!;
      const silent = kind === 'm' && (await client.hget(key, 's')) === '0' ? 'm of a silent history' : kind;
      const name = kind === 'n' && key !== 'nestwire:n' ? 'n of a server' : silent;
      const leftMs = await client.pttl(key);
      seen.add(name);
      expect([key, ages[name]]).toEqual([key, expect.any(Number)]);
      if (ages[name] === -1) expect(leftMs).toBe(-1);
      else expect(leftMs).toBeGreaterThan(ages[name]! * 0.45);
      if (ages[name] !== -1) expect(leftMs).toBeLessThanOrEqual(ages[name]!);
    }
    expect([...seen].toSorted()).toEqual(Object.keys(ages).toSorted());
  });
});

/** Puts junk into a room of presence. */
async function fill(client: Redis, key: string, fields: number, value: string): Promise<void> {
  for (let at = 0; at < fields; at += 100) {
    const numbers = Array.from({ length: Math.min(100, fields - at) }, (_, index) => at + index);
    await client.hset(key, ...numbers.flatMap((number) => [`junk|${number}`, value]));
  }
}

/** Posts to a history while Redis takes no writes. */
async function postTo(app: RunningApp, url: string): Promise<unknown> {
  const client = new Redis(url);
  await client.config('SET', 'maxmemory', '1');
  try {
    return await app.messages.postMessage(room('full'), note('1'));
  } finally {
    await client.config('SET', 'maxmemory', '0');
    client.disconnect();
  }
}
