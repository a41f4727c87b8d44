import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import { CodedError, create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamMessageId,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
  type StreamUser,
} from '@nestwire/streams';
import { IsString } from 'class-validator';
import { Link } from '../rig/link.js';
import { RawSocket } from '../rig/raw-socket.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { Note, note, Task, task } from './messages.js';
import { connected, failureOf, Latch, startApp, stopAll, towards, type RunningApp } from './start-app.js';

/** Makes a name as long as the protocol asks for. */
const nameOf = (client: string): string => client.padEnd(22, '0');

/** The text that a handler sees in place of the name that the client `c` keeps secret. */
const C = createHash('sha256').update(nameOf('c')).digest('base64url').slice(0, 22);

@StreamMessage('resend.pay')
class Pay {
  declare readonly $type: 'resend.pay';
  @IsString() text!: string;
}

@StreamMessage('resend.slow-pay')
class SlowPay {
  declare readonly $type: 'resend.slow-pay';
  @IsString() text!: string;
}

@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token === null ? null : { id: token };
  }
}

@Injectable()
class Ledger {
  readonly log: string[] = [];
  readonly ids: Array<string | undefined> = [];
  readonly latch = new Latch();
}

@StreamEndpoint('ledger')
class LedgerEndpoint {
  constructor(private readonly ledger: Ledger) {}

  @OnStreamMessage(Note)
  note(_session: StreamSession, { text }: Note, @StreamMessageId() id: string | undefined): void {
    this.ledger.log.push(text);
    this.ledger.ids.push(id);
    if (text === 'fail') throw new CodedError('SOLD_OUT', 'There are no seats left.', { retryAfterMs: 7 });
  }

  @OnStreamMessage(Task)
  async task(_session: StreamSession, { text }: Task): Promise<void> {
    this.ledger.log.push(text);
    await this.ledger.latch.pass();
    if (text === 'fail late') throw new CodedError('SOLD_OUT', 'There are no seats left.');
  }

  @OnStreamMessage(Pay, { once: true })
  pay(_session: StreamSession, { text }: Pay): void {
    this.ledger.log.push(text);
    if (text === 'fail') throw new CodedError('SOLD_OUT', 'There are no seats left.');
  }

  @OnStreamMessage(SlowPay, { once: true })
  async slowPay(_session: StreamSession, { text }: SlowPay): Promise<void> {
    this.ledger.log.push(text);
    await this.ledger.latch.pass();
  }
}

type Streams = StreamsOf<{ ledger: LedgerEndpoint }>;

interface Party {
  readonly token?: string;
  readonly address: string;
}

const links: Link[] = [];

const start = (options: StreamsModuleOptions = {}) =>
  startApp({ options: { authenticator: Users, ...options }, providers: [Ledger, LedgerEndpoint] });

async function linked(target: RunningApp, options: object = {}) {
  const link = await Link.to(target.port);
  links.push(link);
  const client = await connected(
    createStreamClient<Streams>()({
      ...towards(link),
      messages: [Note, Task, Pay, SlowPay],
      ...options,
    }),
  );
  return { link, client };
}

/** A connection of a client with a name, whose stream of the ledger is open. */
async function named(
  target: RunningApp,
  client?: string,
  token?: string,
  headers: Record<string, string> = {},
): Promise<RawSocket> {
  const raw = await RawSocket.upgrade(target.port, '/streams', headers);
  raw.sendJson({ t: 'hello', v: 1, token, client: client && nameOf(client) });
  await raw.frame('welcome');
  raw.sendJson({ t: 'open', id: 1, endpoint: 'ledger' });
  await raw.frame('opened');
  return raw;
}

const frame = (id: number, text: string, more: object = {}) => ({
  t: 'message',
  id,
  stream: 'ledger',
  type: 'e2e.note',
  data: { text },
  ...more,
});
const redelivered = (id: number, text: string, more: object = {}) =>
  frame(id, text, { redelivered: true, ...more });
const slow = { type: 'e2e.task' };
const pay = { type: 'resend.pay' };
const slowPay = { type: 'resend.slow-pay' };

const logOf = (target: RunningApp) => target.get(Ledger).log;

/** Ends a connection, and waits until the server knows. */
async function lose(target: RunningApp, raw: RawSocket): Promise<void> {
  raw.destroy();
  await until(() => target.streams.counters().connections === 0);
}

afterEach(async () => {
  await stopAll();
  for (const link of links.splice(0)) link.close();
});

describe('A message whose connection is lost before the answer', () => {
  it('is sent again in its order and before what waits, and handled once', async () => {
    const target = await start();
    const { link, client } = await linked(target);
    const sent = ['a', 'b', 'c'].map((text) => client.ledger.sendStreamMessage(task(text)));
    await until(() => logOf(target).length === 1);
    const { target: port } = link;
    // It cannot come back before the test has seen that it is away.
    link.target = 1;
    link.cut();
    await until(() => client.connectionStatus.kind !== 'connected');
    const queued = client.ledger.sendStreamMessage(task('d'), { offline: 'queue' });
    link.target = port;
    target.get(Ledger).latch.open();

    await Promise.all([...sent, queued]);

    expect(logOf(target)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is not handled twice when only the answer was lost', async () => {
    const target = await start();
    const { link, client } = await linked(target);
    const sent = client.ledger.sendStreamMessage(task('a'));
    const failed = failureOf(client.ledger.sendStreamMessage(task('fail late')));
    await until(() => logOf(target).length === 1);
    link.freeze();
    target.get(Ledger).latch.open();
    await until(() => logOf(target).length === 2);
    link.cut();

    await sent;
    expect(await failed).toMatchObject({ code: 'SOLD_OUT' });
    await client.ledger.sendStreamMessage(note('b'));

    expect(logOf(target)).toEqual(['a', 'fail late', 'b']);
  });

  it('keeps its place among many, however often the connection is lost', async () => {
    const target = await start();
    target.get(Ledger).latch.open();
    const { link, client } = await linked(target);
    const texts = Array.from({ length: 300 }, (_, index) => `${index}`);
    const sent = Promise.all(
      texts.map((text, index) =>
        client.ledger.sendStreamMessage(index % 3 ? note(text) : task(text), { offline: 'queue' }),
      ),
    );
    for (const count of [20, 90, 170, 240]) {
      await until(() => logOf(target).length >= count);
      link.cut();
    }

    await sent;

    expect(logOf(target)).toEqual(texts);
  });

  it('is UNCERTAIN where the server remembers nothing', async () => {
    const target = await start({ limits: { resendWindowMs: 0 } });
    const { link, client } = await linked(target);
    const sent = failureOf(client.ledger.sendStreamMessage(task('a')));
    await until(() => logOf(target).length === 1);

    link.cut();

    expect(await sent).toMatchObject({ code: 'UNCERTAIN' });
  });

  it('is UNCERTAIN when the client comes back as somebody else', async () => {
    const target = await start();
    let token = 'ada';
    const { link, client } = await linked(target, { auth: () => token });
    const sent = failureOf(client.ledger.sendStreamMessage(task('a')));
    await until(() => logOf(target).length === 1);

    token = 'bob';
    link.cut();

    expect(await sent).toMatchObject({ code: 'UNCERTAIN' });
    expect(logOf(target)).toEqual(['a']);
  });
});

describe('A server', () => {
  it('answers what it handled as before, error or not, and runs what it did not', async () => {
    const target = await start();
    const first = await named(target, 'c');
    for (const [id, text] of [
      [2, 'a'],
      [3, 'fail'],
      [5, 'b'],
    ] as const)
      first.sendJson(frame(id, text));
    await first.frame('ack', 5);
    await lose(target, first);

    const second = await named(target, 'c');
    for (const [id, text] of [
      [2, 'a'],
      [3, 'fail'],
      [5, 'b'],
      [6, 'c'],
    ] as const)
      second.sendJson(redelivered(id, text));
    await second.frame('ack', 6);

    expect(await second.frame('error', 3)).toMatchObject({
      error: { code: 'SOLD_OUT', message: 'There are no seats left.', retryAfterMs: 7 },
    });
    expect(logOf(target)).toEqual(['a', 'fail', 'b', 'c']);
    expect(target.get(Ledger).ids).toEqual(['2', '3', '5', '6'].map((id) => `${C}.${id}`));
  });

  it('waits for a handler that still runs on the lost connection', async () => {
    const target = await start();
    const first = await named(target, 'c');
    first.sendJson(frame(2, 'a', slow));
    await until(() => logOf(target).length === 1);
    first.destroy();
    const second = await named(target, 'c');
    second.sendJson(redelivered(2, 'a', slow));
    second.sendJson(frame(3, 'b'));
    second.sendJson({ t: 'ping' });
    await second.frame('pong');
    expect(logOf(target)).toEqual(['a']);

    target.get(Ledger).latch.open();
    await second.frame('ack', 3);

    expect(logOf(target)).toEqual(['a', 'b']);
  });

  it('runs what waited on a connection that it does not know to be lost once', async () => {
    const target = await start();
    const first = await named(target, 'c');
    first.sendJson(frame(2, 'a', slow));
    first.sendJson(frame(3, 'b'));
    await until(() => logOf(target).length === 1);
    const second = await named(target, 'c');
    second.sendJson(redelivered(2, 'a', slow));
    second.sendJson(redelivered(3, 'b'));
    second.sendJson(frame(4, 'c'));
    second.sendJson({ t: 'ping' });
    await second.frame('pong');

    target.get(Ledger).latch.open();
    await second.frame('ack', 4);

    expect(logOf(target)).toEqual(['a', 'b', 'c']);
  });

  it('remembers a refusal among what it handled', async () => {
    const target = await start({ limits: { maxPendingMessages: 1 } });
    const first = await named(target, 'c');
    first.sendJson(frame(2, 'a', slow));
    first.sendJson(frame(3, 'b'));
    await first.frame('error', 3);
    target.get(Ledger).latch.open();
    await first.frame('ack', 2);
    first.sendJson(frame(4, 'c'));
    await first.frame('ack', 4);
    await lose(target, first);

    const second = await named(target, 'c');
    second.sendJson(redelivered(3, 'b'));

    expect(await second.frame('error', 3)).toMatchObject({ error: { code: 'BUSY' } });
  });

  it.each([
    ['another user', 'c', 'bob'],
    ['nobody', 'c', undefined],
    ['another client', 'd', 'ada'],
    ['a client without a name', undefined, 'ada'],
  ])('shares nothing with %s', async (_, client, token) => {
    const target = await start();
    const first = await named(target, 'c', 'ada');
    first.sendJson(frame(2, 'a'));
    await first.frame('ack', 2);
    await lose(target, first);

    const second = await named(target, client, token);
    second.sendJson(redelivered(2, 'a'));
    await second.frame('ack', 2);

    expect(logOf(target)).toEqual(['a', 'a']);
  });

  it('answers UNCERTAIN what it answered too long ago to know', async () => {
    const target = await start({ limits: { maxPendingMessages: 2 } });
    const first = await named(target, 'c');
    for (let id = 2; id < 8; id++) first.sendJson(frame(id, 'fail'));
    await first.frame('error', 7);
    await lose(target, first);

    const second = await named(target, 'c');
    second.sendJson(redelivered(2, 'fail'));
    second.sendJson(redelivered(7, 'fail'));

    expect(await second.frame('error', 2)).toMatchObject({ error: { code: 'UNCERTAIN' } });
    expect(await second.frame('error', 7)).toMatchObject({ error: { code: 'SOLD_OUT' } });
    expect(logOf(target)).toHaveLength(6);
  });

  it('forgets a client after the window, and one without results at once', async () => {
    const target = await start({ limits: { resendWindowMs: 300 } });
    const silent = await named(target, 'b');
    const first = await named(target, 'c');
    first.sendJson(frame(2, 'fail'));
    await first.frame('error', 2);
    silent.destroy();
    await lose(target, first);
    await until(() => target.streams.counters().rememberedClients === 1);
    expect(target.streams.counters().rememberedBytes).toBeGreaterThan(0);

    await until(() => target.streams.counters().rememberedClients === 0);

    expect(target.streams.counters().rememberedBytes).toBe(0);
  });

  it('bounds what it remembers of one client and of all', async () => {
    const resendMemoryBytes = 64 * 4_096;
    const target = await start({ limits: { resendMemoryBytes, connectsPerSecond: 2_000 } });
    const sizes: number[] = [];
    for (let n = 0; n < 100; n++) {
      const raw = await named(target, `c${n}`);
      for (let id = 2; id < 40; id++) raw.sendJson(frame(id, 'fail'));
      await raw.frame('error', 39);
      sizes.push(target.streams.counters().rememberedBytes);
      raw.destroy();
    }

    expect(Math.max(...sizes)).toBeLessThanOrEqual(resendMemoryBytes);
    expect(Math.min(...sizes.slice(70))).toBeGreaterThan(resendMemoryBytes / 2);
    expect(sizes[0]).toBeLessThanOrEqual(resendMemoryBytes / 64 + 1_024);
  });

  describe('when a client fills the memory', () => {
    const from = (address: string) => ({ 'X-Forwarded-For': address });

    /** Lets an honest client leave with one answer, and a hostile one fill the memory under many names. */
    const fill = async (trustProxy: false | number, honest: Party, hostile: Party) => {
      const target = await start({
        trustProxy,
        // The refusals of one address would end before the memory is full.
        limits: {
          resendMemoryBytes: 64 * 4_096,
          connectsPerSecondPerAddress: 2_000,
          frameWorkMsPerSecond: 1_000,
        },
      });
      const first = await named(target, 'honest', honest.token, from(honest.address));
      first.sendJson(frame(2, 'a'));
      await first.frame('ack', 2);
      await lose(target, first);
      for (let n = 0; n < 100; n++) {
        const raw = await named(target, `hostile${n}`, hostile.token, from(hostile.address));
        for (let id = 2; id < 20; id++) raw.sendJson(frame(id, 'x', { data: { text: 5 } }));
        await raw.frame('error', 19);
        await lose(target, raw);
      }
      expect(target.streams.counters().rememberedBytes).toBeLessThanOrEqual(64 * 4_096);
      expect(target.streams.counters().rememberedBytes).toBeGreaterThan(32 * 4_096);

      const second = await named(target, 'honest', honest.token, from(honest.address));
      second.sendJson(redelivered(2, 'a'));
      await second.frame('ack', 2);
      return logOf(target);
    };
    const [one, other] = ['203.0.113.7', '203.0.113.8'];

    it.each([
      ['users behind one address', 1, { token: 'ada', address: one }, { token: 'eve', address: one }],
      ['anonymous clients of two addresses', 1, { address: one }, { address: other }],
      ['a user and an anonymous client of one address', 1, { token: 'ada', address: one }, { address: one }],
      ['clients of an address that may be a proxy', false, { address: one }, { address: one }],
    ] as const)('keeps the answers of the others: %s', async (_, trustProxy, honest, hostile) => {
      expect(await fill(trustProxy, honest, hostile)).toEqual(['a']);
    });

    it('loses its own', async () => {
      const eve = { token: 'eve', address: one };

      expect(await fill(1, eve, eve)).toEqual(['a', 'a']);
    });
  });

  it('keeps no details of an invalid message', async () => {
    const target = await start();
    const first = await named(target, 'c');
    first.sendJson(frame(2, 'x', { data: { text: 5 } }));
    expect(await first.frame('error', 2)).toMatchObject({ error: { details: expect.anything() } });
    await lose(target, first);

    const second = await named(target, 'c');
    second.sendJson(redelivered(2, 'x', { data: { text: 5 } }));

    const { error } = (await second.frame('error', 2)) as { error: object };
    expect(error).toMatchObject({ code: 'INVALID_MESSAGE' });
    expect(error).not.toHaveProperty('details');
  });

  it('gives no id to handlers for clients without a name, and refuses those for once', async () => {
    const target = await start();
    const raw = await named(target);
    raw.sendJson(frame(2, 'a'));
    raw.sendJson(frame(3, 'b', pay));

    expect(await raw.frame('error', 3)).toMatchObject({ error: { code: 'CLIENT_ID_REQUIRED' } });
    expect(target.get(Ledger).ids).toEqual([undefined]);
    expect(logOf(target)).toEqual(['a']);
  });
});

describeWithRedis('On another server', (redis) => {
  const pair = async () => {
    const options = { redis: redis().url };
    return Promise.all([start(options), start(options)]);
  };

  it('a message runs again', async () => {
    const [one, two] = await pair();
    const { link, client } = await linked(one);
    const sent = client.ledger.sendStreamMessage(task('a'));
    await until(() => logOf(one).length === 1);
    two.get(Ledger).latch.open();
    link.target = two.port;
    link.cut();

    await sent;

    expect([logOf(one), logOf(two)]).toEqual([['a'], ['a']]);
  });

  it('a message that is handled once is answered as before', async () => {
    const [one, two] = await pair();
    const first = await named(one, 'once', 'ada');
    first.sendJson(frame(2, 'a', pay));
    first.sendJson(frame(3, 'fail', pay));
    await first.frame('error', 3);
    first.destroy();

    const second = await named(two, 'once', 'ada');
    second.sendJson(redelivered(2, 'a', pay));
    second.sendJson(redelivered(3, 'fail', pay));
    second.sendJson(frame(4, 'b', pay));
    await second.frame('ack', 4);

    expect(await second.frame('error', 3)).toMatchObject({ error: { code: 'SOLD_OUT' } });
    expect([logOf(one), logOf(two)]).toEqual([['a', 'fail'], ['b']]);
  });

  it('a message that is handled once and was begun by a server that died is UNCERTAIN', async () => {
    const [one, two] = await pair();
    const { link, client } = await linked(one);
    const sent = failureOf(client.ledger.sendStreamMessage(create(SlowPay, { text: 'a' })));
    await until(() => logOf(one).length === 1);
    link.target = two.port;
    link.cut();

    expect(await sent).toMatchObject({ code: 'UNCERTAIN' });
    expect(logOf(two)).toEqual([]);
  });

  it('a message of another user with the same id is handled', async () => {
    const [one, two] = await pair();
    const first = await named(one, 'shared', 'ada');
    first.sendJson(frame(2, 'a', pay));
    await first.frame('ack', 2);

    const second = await named(two, 'shared', 'bob');
    second.sendJson(redelivered(2, 'b', pay));
    await second.frame('ack', 2);

    expect(logOf(two)).toEqual(['b']);
  });
});

describeWithRedis('Without Redis', (redis) => {
  it('a message that is handled once is refused before its handler, and UNCERTAIN when sent again', async () => {
    const target = await start({ redis: { connection: redis().url, commandTimeoutMs: 300 } });
    const raw = await named(target, 'c');
    await redis().stop();
    raw.sendJson(frame(2, 'a', slowPay));
    raw.sendJson(redelivered(3, 'b', slowPay));

    expect(await raw.frame('error', 2)).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    expect(await raw.frame('error', 3)).toMatchObject({ error: { code: 'UNCERTAIN' } });
    expect(logOf(target)).toEqual([]);
  });
});
