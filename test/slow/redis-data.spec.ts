import { Injectable, Logger } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import { defineChannel, DurableConsumersService, PresenceService } from '@nestwire/messages';
import type { RedisConnection } from '@nestwire/messages/redis';
import { CodedError, StreamGap } from '@nestwire/protocol';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  StreamSession,
  StreamsService,
  type StreamHandshake,
  type StreamsOf,
  type StreamUser,
} from '@nestwire/streams';
import { Cluster, Redis } from 'ioredis';
import { MESSAGES, Note, note, Task, task } from '../e2e/messages.js';
import { collect, connected, startApp, stopAll, towards, type RunningApp } from '../e2e/start-app.js';
import { describeIfRedis } from '../rig/redis.js';
import { startCluster, startRedis } from '../rig/redis-server.mjs';
import { until } from '../rig/until.js';
import { Random } from '../fuzz/random.mjs';
import { RedisJunk, type JunkPlace } from '../fuzz/redis-junk.js';

// FUZZ_RUNS=200 FUZZ_SEED=7 npm run jest -- test/slow/redis-data.spec.ts
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2);
const FIRST_SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const STEPS = 25;
const PREFIX = 'nestwire:';
const RECOVERY_MS = 15_000;
const RUN_MS = 60_000;

const history = { messages: 200, ageMs: 60_000 };
const room = defineChannel('junkroom', { messages: [Note], history });
const score = defineChannel('junkscore', { messages: [Note], latest: true });
const talk = defineChannel('junktalk', { messages: [Note] });

@Injectable()
class Accounts extends StreamAuthenticator {
  async authenticate({ token }: StreamHandshake): Promise<StreamUser | null> {
    return token ? { id: token } : null;
  }
}

@StreamEndpoint('desk')
class DeskEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note | StreamGap>): Promise<void> {
    await session.subscribe(room);
    await session.subscribe(score);
    await session.subscribe(talk);
  }

  @OnStreamMessage(Task, { once: true })
  work(_session: StreamSession<Note | StreamGap>, _task: Task): void {
    // Its claim is what the test is about.
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint }>;
type Heard = (Note | StreamGap)[];

/** Two servers, a client of each in a codec of its own, and what went wrong. */
class Scene {
  readonly faults: string[] = [];
  readonly stored = new Set<number>();
  readonly heard: Heard[] = [];
  private readonly apps: RunningApp[] = [];
  private readonly clients: Array<Awaited<ReturnType<Scene['connect']>>> = [];
  private readonly worked: string[] = [];
  private lastNumber = 0;
  private lastMark = 0;

  async start(redis: RedisConnection, { tellsGaps = true } = {}): Promise<this> {
    for (const codec of [undefined, messagePack]) {
      const app = await startApp({
        options: {
          redis: { connection: redis, commandTimeoutMs: 2_000 },
          authenticator: Accounts,
          codecs: [messagePack],
          messages: { presence: { leaseMs: 900 } },
        },
        providers: [DeskEndpoint],
      });
      this.apps.push(app);
      const client = await this.connect(app, codec, tellsGaps);
      this.clients.push(client);
      this.heard.push(collect(client.desk.stream) as Heard);
      await app.get(PresenceService).join('junkdesk', { id: `of-${app.port}`, userId: `user-${app.port}` });
      app.get(PresenceService).watch('junkdesk');
      await app
        .get(DurableConsumersService)
        .addConsumer(
          room,
          async (message) => void (message instanceof Note && this.worked.push(message.text)),
          { name: 'worker', from: 'oldest' },
        );
    }
    Logger.overrideLogger(false);
    await this.recovers();
    return this;
  }

  /** Does what applications and clients do; whatever fails has a code. */
  async work(): Promise<void> {
    const [one, other] = this.apps as [RunningApp, RunningApp];
    const number = ++this.lastNumber;
    await this.coded(async () => {
      await one.messages.postMessage(room, note(`r ${number}`));
      this.stored.add(number);
    });
    await this.coded(() => other.messages.postMessage(score, note(`s ${number}`)));
    await this.coded(() => other.messages.postMessage(talk, note(`t ${number}`)));
    await this.coded(() => one.get(PresenceService).list('junkdesk'));
    await this.coded(() => this.clients[number % 2]!.desk.sendStreamMessage(task(`${number}`) as never));
    if (number % 10 === 0) await this.coded(() => one.get(StreamsService).revoke({ userId: 'nobody' }));
  }

  /** Waits until everything works again, by both servers and for both clients. */
  async recovers(): Promise<void> {
    const mark = `mark ${++this.lastMark}`;
    const [one, other] = this.apps as [RunningApp, RunningApp];
    for (const [channel, post] of [
      ['r', () => one.messages.postMessage(room, note(`r ${mark}`))],
      ['s', () => other.messages.postMessage(score, note(`s ${mark}`))],
      ['t', () => other.messages.postMessage(talk, note(`t ${mark}`))],
    ] as const)
      await this.reached(`${channel} ${mark}`, async () => {
        await post();
        await until(
          () => this.heard.every((heard) => heard.some((each) => textOf(each) === `${channel} ${mark}`)),
          1_000,
        );
      });
    await this.reached(`durable consumer ${mark}`, () =>
      until(() => this.worked.includes(`r ${mark}`), 6_000),
    );
    await this.reached(`presence ${mark}`, async () => {
      for (const app of this.apps) {
        const members = await app.get(PresenceService).list('junkdesk');
        const users = members.map(({ userId }) => userId).filter((user) => user?.startsWith('user-'));
        if (this.apps.some(({ port }) => !users.includes(`user-${port}`)))
          throw new Error('a member is missing');
      }
    });
    for (const client of this.clients)
      await this.reached(`task ${mark}`, () => client.desk.sendStreamMessage(task(mark) as never));
  }

  /** Notes where a client has missed messages and was not told. */
  judge(): void {
    for (const [at, heard] of this.heard.entries())
      for (const [last, next] of silentLosses(heard, this.stored))
        this.faults.push(`client ${at} got ${next} behind ${last}, and no gap`);
  }

  private async connect(app: RunningApp, codec: typeof messagePack | undefined, tellsGaps: boolean) {
    const options = {
      ...towards(app),
      messages: tellsGaps ? [...MESSAGES, StreamGap] : MESSAGES,
      ...(codec && { codec }),
    };
    const client = await connected(createStreamClient<Streams>()({ ...options, auth: async () => 'ada' }));
    client.addConnectionStatusListener(({ kind }) => {
      if (kind === 'closed') return;
      if (kind !== 'connected')
        this.faults.push(`the client of ${codec ? 'MessagePack' : 'JSON'} became ${kind}`);
    });
    return client;
  }

  private async coded(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof CodedError)) this.faults.push(`no code: ${String((error as Error).stack)}`);
      else if (/WRONGTYPE|redis\.call|script:/i.test(error.message))
        this.faults.push(`Redis's text: ${error.message}`);
    }
  }

  private async reached(what: string, attempt: () => Promise<unknown>): Promise<void> {
    const endMs = performance.now() + RECOVERY_MS;
    for (;;) {
      try {
        return void (await attempt());
      } catch (error) {
        if (performance.now() > endMs) return void this.faults.push(`${what}: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

function textOf(message: Note | StreamGap): string {
  return message instanceof StreamGap ? `gap ${message.reason}` : message.text;
}

/** Returns the pairs of numbers that were heard one behind the other, though others were stored between. */
function silentLosses(heard: Heard, stored: ReadonlySet<number>): Array<[last: number, next: number]> {
  const losses: Array<[number, number]> = [];
  let last: number | undefined;
  for (const message of heard) {
    if (message instanceof StreamGap) last = undefined;
    const number = /^r (\d+)$/.exec(textOf(message))?.[1];
    if (number === undefined) continue;
    const next = Number(number);
    for (let between = (last ?? next) + 1; between < next; between++)
      if (stored.has(between)) losses.push([last!, next]);
    last = next;
  }
  return losses;
}

const uncaught: unknown[] = [];
const onUncaught = (error: unknown) => uncaught.push(error);
beforeAll(() => {
  process.on('unhandledRejection', onUncaught);
  process.on('uncaughtException', onUncaught);
});
afterEach(async () => {
  await stopAll();
  expect(uncaught.splice(0)).toEqual([]);
});
afterAll(() => {
  process.off('unhandledRejection', onUncaught);
  process.off('uncaughtException', onUncaught);
});

/** Plays one seed in a scene; returns what went wrong. */
async function play(seed: number, scene: Scene, junk: RedisJunk, steps = STEPS): Promise<string[]> {
  for (let step = 0; step < steps; step++) {
    await junk.step();
    await scene.work();
  }
  await junk.remove();
  await scene.recovers();
  scene.judge();
  const faults = scene.faults.splice(0).map((fault) => `seed ${seed}: ${fault}`);
  return faults.length ? [...faults, ...junk.steps.slice(0, steps)] : [];
}

describeIfRedis('Junk in Redis', () => {
  it(
    'harms no client and no server, and all goes on when it is gone',
    async () => {
      const server = await startRedis();
      const client = new Redis(server.url);
      const listener = client.duplicate();
      try {
        const scene = await new Scene().start(server.url);
        await listener.psubscribe(`${PREFIX}*`);
        for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
          const junk = new RedisJunk(new Random(seed), {
            client,
            keys: () => client.keys(`${PREFIX}*`),
            channels: async () => (await client.pubsub('CHANNELS', '*')) as string[],
            publish: (channel, payload) => client.publish(channel, payload),
          });
          const hear = (_pattern: Buffer, _channel: Buffer, payload: Buffer) => junk.heard(payload);
          listener.on('pmessageBuffer', hear);
          expect(await play(seed, scene, junk)).toEqual([]);
          listener.off('pmessageBuffer', hear);
        }
      } finally {
        await stopAll();
        client.disconnect();
        listener.disconnect();
        await server.stop();
      }
    },
    RUNS * RUN_MS,
  );

  it(
    'does the same in a Cluster',
    async () => {
      const cluster = await startCluster({ masters: 3 });
      const client = new Cluster([...cluster.nodes]);
      const ofNodes = async (ask: (node: Redis) => Promise<unknown>): Promise<string[]> =>
        (await Promise.all(client.nodes('master').map(ask))).flat() as string[];
      const place: JunkPlace = {
        client,
        keys: () => ofNodes((node) => node.keys(`${PREFIX}*`)),
        channels: () => ofNodes((node) => node.call('PUBSUB', 'SHARDCHANNELS') as Promise<unknown>),
        publish: (channel, payload) => client.spublish(channel, payload),
      };
      try {
        const scene = await new Scene().start({ nodes: [...cluster.nodes] });
        const seeds = Math.max(1, Math.floor(RUNS / 10));
        for (let seed = FIRST_SEED; seed < FIRST_SEED + seeds; seed++)
          expect(await play(seed, scene, new RedisJunk(new Random(seed), place), 10)).toEqual([]);
      } finally {
        await stopAll();
        client.disconnect();
        await cluster.stop();
      }
    },
    RUNS * RUN_MS,
  );
});

describe('The check of junk in Redis', () => {
  it('finds a loss that no gap reports', () => {
    const heard = [note('r 1'), note('r 4')];
    const stored = new Set([1, 2, 4]);

    expect(silentLosses(heard, stored)).toEqual([[1, 4]]);
    expect(silentLosses([heard[0]!, new StreamGap(), heard[1]!], stored)).toEqual([]);
    expect(silentLosses(heard, new Set([1, 4]))).toEqual([]);
  });
});
