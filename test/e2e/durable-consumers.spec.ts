import { Injectable, Logger } from '@nestjs/common';
import {
  defineChannel,
  DurableConsumer,
  DurableConsumersService,
  type DurableConsumerOptions,
  type ConsumerDelivery,
} from '@nestwire/messages';
import { create, StreamGap, StreamMessage } from '@nestwire/protocol';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { redisKey } from '../rig/redis-key.js';
import { startSentinels, type RedisServer } from '../rig/redis-server.mjs';
import { describeIfRedis, describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { startApp, stopAll, type RunningApp } from './start-app.js';

const PROGRAM = 'test/e2e/reader-process.mjs';
const BUILT = existsSync(join(process.cwd(), 'libs/messages/dist/consumers/durable-consumers.service.js'));
const QUICK = {
  commandTimeoutMs: 500,
  connectTimeoutMs: 500,
  maxReconnectDelayMs: 100,
  probeIntervalMs: 100,
  probeTimeoutMs: 400,
};
const HOUR_MS = 3_600_000;

@StreamMessage('named-readers.job')
class Job {
  declare readonly $type: 'named-readers.job';
  number = 0;
}

const jobs = defineChannel('jobs', { messages: [Job], history: { messages: 1_000, ageMs: HOUR_MS } });
const children = new Set<ChildProcess>();
let count = 0;

/** The deliveries of a consumer, in order: numbers of jobs, and reasons of gaps. */
interface Reading {
  readonly begun: Array<number | string>;
  readonly attempts: number[];
}

type Jobs = ReturnType<typeof fresh>;

/** A channel that no other test has. */
function fresh() {
  return jobs(`${process.pid}-${++count}`);
}

function start(redis: string): Promise<RunningApp> {
  return startApp({ options: { redis: { connection: redis, ...QUICK } } });
}

async function post({ messages }: RunningApp, channel: Jobs, ...numbers: number[]): Promise<void> {
  await Promise.all(numbers.map((number) => messages.postMessage(channel, create(Job, { number }))));
}

async function read(
  app: RunningApp,
  channel: Jobs,
  options: Partial<DurableConsumerOptions> = {},
): Promise<Reading> {
  const reading: Reading = { begun: [], attempts: [] };
  const handle = (message: Job | StreamGap, { attempt }: ConsumerDelivery) => {
    reading.begun.push(message instanceof StreamGap ? message.reason : message.number);
    reading.attempts.push(attempt);
  };
  await app.get(DurableConsumersService).addConsumer(channel, handle, { name: 'billing', ...options });
  return reading;
}

/** The process takes a message in hand, and is killed with it. */
async function killWithMessage(redis: string, channel: Jobs, claimAfterMs: number): Promise<void> {
  const child = fork(PROGRAM, [redis, channel.name.split(':')[1]!, String(claimAfterMs)], { execArgv: [] });
  children.add(child);
  const begun = new Promise((resolve) =>
    child.on('message', (message: { begun?: number }) => message.begun !== undefined && resolve(message)),
  );
  await once(child, 'message');
  const poster = await start(redis);
  await post(poster, channel, 1, 2);
  await begun;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

beforeAll(() => Logger.overrideLogger(false));
afterEach(async () => {
  await stopAll();
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

describeWithRedis('A durable consumer of several processes', (redis) => {
  it('has each message handled by one of them, through the decorator too', async () => {
    @Injectable()
    class Billing {
      readonly begun: number[] = [];

      @DurableConsumer(jobs('decorated'), { name: 'billing' })
      bill(job: Job | StreamGap): void {
        if (job instanceof Job) this.begun.push(job.number);
      }
    }
    const parts = { options: { redis: { connection: redis().url, ...QUICK } }, providers: [Billing] };
    const [one, two] = [await startApp(parts), await startApp(parts)];
    const shares = [one, two].map((app) => app.get(Billing).begun);

    for (const number of range(1, 60)) await post(one, jobs('decorated') as Jobs, number);
    await until(() => shares.flat().length >= 60);

    expect(shares.flat().toSorted((a, b) => a - b)).toEqual(range(1, 60));
    for (const share of shares) {
      expect(share.length).toBeGreaterThan(0);
      expect(share).toEqual(share.toSorted((a, b) => a - b));
    }
  });

  it('goes on where it was after all of them were restarted', async () => {
    const channel = fresh();
    const [first, poster] = [await start(redis().url), await start(redis().url)];
    const before = await read(first, channel);
    await post(poster, channel, 1, 2);
    await until(() => before.begun.length === 2);

    await first.app.close();
    await post(poster, channel, 3, 4);
    const after = await read(await start(redis().url), channel);
    await post(poster, channel, 5);
    await until(() => after.begun.length === 3);

    expect(after).toEqual({ begun: [3, 4, 5], attempts: [1, 1, 1] });
  });

  (BUILT ? it : it.skip)('handles what a killed process had in hand', async () => {
    const channel = fresh();
    await killWithMessage(redis().url, channel, 500);

    const rest = await read(await start(redis().url), channel, { claimAfterMs: 500 });
    await until(() => rest.begun.length === 2);

    expect([...rest.begun].sort()).toEqual([1, 2]);
    expect(rest.attempts[rest.begun.indexOf(1)]).toBe(2);
    expect(rest.attempts[rest.begun.indexOf(2)]).toBe(1);
  });

  (BUILT ? it : it.skip)(
    'misses it where nobody may claim it: the lease is what brings it back',
    async () => {
      const channel = fresh();
      await killWithMessage(redis().url, channel, HOUR_MS);

      const app = await start(redis().url);
      const rest = await read(app, channel, { claimAfterMs: 500 });
      await post(app, channel, ...range(3, 40));
      await until(() => rest.begun.length === 39);

      expect(rest.begun).toEqual(range(2, 40));
    },
  );

  it('keeps all it knows in one key, in the slot of the channel', async () => {
    const channel = fresh();
    await redis().call('FLUSHALL');
    const app = await start(redis().url);
    const reading = await read(app, channel);
    await post(app, channel, 1);
    await until(() => reading.begun.length === 1);

    const names = (await redis().call('KEYS', '*')).match(/nestwire:r:\S+/g);

    expect(names).toEqual([`${redisKey('r', channel.name)}:billing`]);
    await until(async () => !(await redis().call('HKEYS', names![0]!)).includes('w:'));
    expect(Number((await redis().call('PTTL', names![0]!)).slice(1))).toBeGreaterThan(24 * 29 * HOUR_MS);
  });
});

describeWithRedis('A durable consumer whose history changes under it', (redis) => {
  /** Ends the reader, with everything settled; then another one goes on. */
  async function interrupted(
    change: (channel: Jobs, poster: RunningApp) => Promise<unknown>,
  ): Promise<Reading> {
    const channel = fresh();
    const [first, poster] = [await start(redis().url), await start(redis().url)];
    const before = await read(first, channel);
    await post(poster, channel, 1, 2);
    await until(() => before.begun.length === 2);
    await first.app.close();
    await change(channel, poster);
    const after = await read(await start(redis().url), channel);
    await post(poster, channel, 9);
    await until(() => after.begun.includes(9));
    return after;
  }
  const stream = (channel: Jobs) => redisKey('s', channel.name);

  it('receives no gap when the history has aged and nothing of it was unread', async () => {
    const { begun } = await interrupted((channel) => redis().call('DEL', stream(channel)));

    expect(begun).toEqual([9]);
  });

  it('receives a gap when the history has aged and something of it was unread', async () => {
    const { begun } = await interrupted(async (channel, poster) => {
      await post(poster, channel, 3);
      await redis().call('DEL', stream(channel));
    });

    expect(begun).toEqual(['trimmed', 9]);
  });

  it('receives a gap when the history was created again', async () => {
    const { begun } = await interrupted(async (channel, poster) => {
      await redis().call('DEL', redisKey('m', channel.name), stream(channel));
      await post(poster, channel, 3);
    });

    expect(begun).toEqual(['epoch-changed', 3, 9]);
  });

  it('receives a gap when the history has another timeline', async () => {
    const { begun } = await interrupted((channel) =>
      redis().call('HSET', `${redisKey('r', channel.name)}:billing`, 'p', 'another'),
    );

    expect(begun).toEqual(['diverged', 9]);
  });

  it('receives a gap when the history has lost the leased message of a dead process', async () => {
    const { begun } = await interrupted(async (channel) => {
      const dead = ['w:1', '1:1:dead:gone~x'];
      await redis().call('HSET', `${redisKey('r', channel.name)}:billing`, ...dead);
    });

    expect(begun.toSorted()).toEqual([9, 'diverged'].toSorted());
  });

  it('continues by itself, after one gap, when Redis has lost everything', async () => {
    const channel = fresh();
    const app = await start(redis().url);
    const reading = await read(app, channel);
    await post(app, channel, 1);
    await until(() => reading.begun.length === 1);

    await redis().call('FLUSHALL');
    await redis().call('SCRIPT', 'FLUSH');
    await post(app, channel, 2);
    await post(app, channel, 3);
    await until(() => reading.begun.includes(3));

    expect(reading.begun).toEqual([1, 'epoch-changed', 2, 3]);
  });
});

describeWithRedis('A durable consumer whose Redis stops', (redis) => {
  it('loses nothing, and handles nothing twice that it has said', async () => {
    const channel = fresh();
    const app = await start(redis().url);
    const reading = await read(app, channel);
    await post(app, channel, 1, 2);
    await until(() => reading.begun.length === 2);

    redis().pause();
    await until(() => app.messages.status === 'degraded');
    redis().resume();
    await until(() => app.messages.status === 'connected');
    await post(app, channel, 3);
    await until(() => reading.begun.includes(3));

    expect(reading.begun).toEqual([1, 2, 3]);
  });

  it('begins when Redis is back, where it was not there', async () => {
    const { url } = redis();
    await redis().kill();
    const app = await start(url);
    const channel = fresh();
    const reading = await read(app, channel, { from: 'oldest' });
    await redis().restart();
    await until(() => app.messages.status === 'connected');

    await post(app, channel, 1);

    await until(() => reading.begun.length === 1);
  });
});

describeIfRedis('A durable consumer behind Sentinels', () => {
  it('goes on after a failover, with what was handled and what was not', async () => {
    const group = await startSentinels({ downAfterMs: 500 });
    try {
      const channel = fresh();
      const app = await startApp({
        options: {
          redis: { connection: { sentinels: [...group.sentinels], name: group.name }, ...QUICK },
        },
      });
      const reading = await read(app, channel);
      await post(app, channel, 1, 2);
      await until(() => reading.begun.length === 2);
      await inStep(group.master);

      await group.master.kill();
      await until(() => app.messages.status === 'degraded');
      await until(() => app.messages.status === 'connected', 15_000);
      await until(() =>
        post(app, channel, 3).then(
          () => true,
          () => false,
        ),
      );
      await until(() => reading.begun.includes(3));

      expect(reading.begun).toEqual([1, 2, 3]);
    } finally {
      await stopAll();
      await group.stop();
    }
  }, 40_000);
});

/** Resolves when a replica has what the master has. */
async function inStep(master: RedisServer): Promise<void> {
  await until(async () => {
    const [, own, replica] =
      (await master.call('INFO', 'replication')).match(/offset=(\d+)[^]*master_repl_offset:(\d+)/) ?? [];
    return own !== undefined && own === replica;
  }, 15_000);
}
