import { Logger, type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MessagesModule, MessagesService, type MessagesStatus } from '@nestwire/messages';
import type { RedisTuning } from '@nestwire/messages/redis';
import { create, StreamMessage } from '@nestwire/protocol';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';

@StreamMessage('redis-outage.tick')
class Tick {
  declare readonly $type: 'redis-outage.tick';
  from = '';
  number = 0;
}

/** The quick form runs with every `npm test`; FAULTS=full takes the times that the issue names. */
const FULL = process.env.FAULTS === 'full';
const STOP_MS = 5_000;
const KILLS = FULL ? 30 : 5;
const CHANNEL = 'ticks';

/** Shorter than the defaults, so that a fault shows within the test. */
const QUICK: RedisTuning = {
  commandTimeoutMs: 1_000,
  connectTimeoutMs: 500,
  maxReconnectDelayMs: 200,
  probeIntervalMs: 250,
  probeTimeoutMs: 1_000,
};

/** A server of the cluster: what it heard, and what its status was. */
class Server {
  readonly heard: Tick[] = [];
  readonly statuses: MessagesStatus[] = [];
  #number = 0;

  constructor(
    readonly name: string,
    readonly messages: MessagesService,
  ) {
    messages.addStatusListener((status) => this.statuses.push(status));
  }

  post() {
    return this.messages.postMessage(CHANNEL, create(Tick, { from: this.name, number: ++this.#number }));
  }

  from(name: string): number[] {
    return this.heard.filter(({ from }) => from === name).map(({ number }) => number);
  }
}

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);
const apps: INestApplicationContext[] = [];

async function open(name: string, url: string): Promise<Server> {
  const app = await Test.createTestingModule({
    imports: [MessagesModule.forRoot({ redis: { connection: url, ...QUICK } })],
  }).compile();
  await app.init();
  apps.push(app);
  const server = new Server(name, app.get(MessagesService));
  await server.messages.addListener(CHANNEL, (tick: Tick) => server.heard.push(tick));
  return server;
}

function ascending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > numbers[index - 1]!);
}

/** Posts from both servers every few milliseconds until told to stop; returns how far each post reached. */
function startTraffic(servers: readonly Server[]) {
  const reached: string[] = [];
  const posting: Promise<unknown>[] = [];
  const timer = setInterval(() => {
    for (const server of servers)
      posting.push(server.post().then(({ delivered }) => reached.push(delivered)));
  }, 5);
  return async () => {
    clearInterval(timer);
    await Promise.all(posting);
    return reached;
  };
}

/** Checks what holds whatever happened: own posts all there, nothing twice, everything in order. */
async function expectRecovered(one: Server, two: Server): Promise<void> {
  await until(() => one.messages.status === 'connected' && two.messages.status === 'connected', 10_000);
  const marks: number[] = [];
  for (let i = 0; i < 20; i++) {
    expect((await one.post()).delivered).toBe('global');
    marks.push(one.from('one').at(-1)!);
  }
  await until(() => two.from('one').at(-1) === marks.at(-1));
  const own = one.from('one');

  expect(own).toEqual(own.map((_, index) => index + 1));
  expect(two.from('one').slice(-20)).toEqual(marks);
  for (const server of [one, two])
    for (const name of ['one', 'two']) expect(ascending(server.from(name))).toBe(true);
  expect(unhandled).toEqual([]);
}

describeWithRedis('Two servers of a cluster', (redis) => {
  let one: Server;
  let two: Server;

  beforeAll(() => {
    Logger.overrideLogger(false);
    process.on('unhandledRejection', onUnhandled);
  });
  afterAll(() => void process.off('unhandledRejection', onUnhandled));

  beforeEach(async () => {
    unhandled.length = 0;
    one = await open('one', redis().url);
    two = await open('two', redis().url);
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  it('exchange messages in order', async () => {
    for (let i = 0; i < 100; i++) void two.post();
    await expectRecovered(one, two);

    await until(() => one.from('two').length === 100);
  });

  it('go on alone while Redis is killed, and together when it is back', async () => {
    const stopTraffic = startTraffic([one, two]);
    await until(() => two.from('one').length > 5);

    await redis().kill();
    await until(() => one.messages.status === 'degraded' && two.messages.status === 'degraded');
    await expect(one.messages.postMessage('x', create(Tick), { scope: 'global' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    const late: Tick[] = [];
    await two.messages.addListener('late', (tick: Tick) => late.push(tick));
    expect((await two.messages.postMessage('late', create(Tick, { number: 1 }))).delivered).toBe('degraded');
    expect(late).toHaveLength(1);
    await redis().restart();

    await until(() => two.messages.status === 'connected' && one.messages.status === 'connected', 10_000);
    const reached = await stopTraffic();
    expect(reached).toEqual(expect.arrayContaining(['global', 'degraded']));
    await one.messages.postMessage('late', create(Tick, { number: 2 }));
    await until(() => late.length === 2);
    await expectRecovered(one, two);
    expect(one.statuses).toEqual(expect.arrayContaining(['degraded', 'connected']));
    expect(one.messages.counters().reconnects).toBeGreaterThan(0);
  }, 30_000);

  it('go on alone while Redis is stopped, and together when it goes on', async () => {
    const stopTraffic = startTraffic([one, two]);
    await until(() => two.from('one').length > 5);

    redis().pause();
    const resume = setTimeout(() => redis().resume(), STOP_MS);
    const pausedAtMs = performance.now();
    await until(() => one.messages.status === 'degraded' && two.messages.status === 'degraded', 4_000);
    const before = one.from('one').length;
    await until(() => one.from('one').length > before + 20);
    const slowest = Math.max(...(await Promise.all([1, 2, 3].map(() => settleMs(one)))));
    await until(() => performance.now() - pausedAtMs > STOP_MS, STOP_MS + 1_000);
    clearTimeout(resume);
    redis().resume();

    const reached = await stopTraffic();
    expect(slowest).toBeLessThan(STOP_MS / 2);
    expect(reached).toEqual(expect.arrayContaining(['global', 'degraded']));
    await expectRecovered(one, two);
  }, 30_000);

  it('lose nothing but time when a subscriber’s connection is killed each second', async () => {
    const stopTraffic = startTraffic([one, two]);

    for (let kill = 0; kill < KILLS; kill++) {
      const atMs = performance.now();
      await redis().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await until(() => performance.now() - atMs > 1_000, 2_000);
    }
    await stopTraffic();

    await expectRecovered(one, two);
    expect(one.messages.counters().reconnects).toBeGreaterThanOrEqual(KILLS - 1);
    expect(one.messages.counters()).toMatchObject({ undecodable: 0, listenerErrors: 0 });
  }, 60_000);

  it('let a third start while Redis is down', async () => {
    await redis().kill();

    const three = await open('three', redis().url);
    expect(three.messages.status).toBe('degraded');
    await redis().restart();
    await until(() => [one, two, three].every(({ messages }) => messages.status === 'connected'), 10_000);
    await one.post();

    await until(() => three.from('one').length === 1);
    expect(unhandled).toEqual([]);
  }, 30_000);
});

async function settleMs(server: Server): Promise<number> {
  const atMs = performance.now();
  await server.post();
  return performance.now() - atMs;
}
