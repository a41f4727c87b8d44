import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Child } from '../rig/child.mjs';
import { describeWithRedis } from '../rig/redis.js';
import type { RedisServer } from '../rig/redis-server.mjs';
import { until } from '../rig/until.js';
import { Device, SHAPES, storedKeyOf, type ReadCall } from './call-device.js';
import { judgeCalls, type CallRun } from './judge-calls.js';
import { randomFrom } from './random.mjs';
import { sabotageOptions } from './sabotage.mjs';

/** `--quick` kills fewer servers, and lets each fault last for a shorter time. */
const FULL = process.env.QUICK !== '1';
const KILLS = FULL ? 25 : 2;
const CALLS = FULL ? 20 : 10;
const LOAD_MS = FULL ? 60_000 : 4_000;
const SEED = Number(process.env.FAULTS_SEED ?? (FULL ? Date.now() % 1e6 : 1));
/** The p99 of the time from the death of a server to the ends of its calls, in milliseconds. */
const DEATH_MS = 5_000;
/** The time in which all calls have an end after the last fault. */
const END_MS = 90_000;
const TEST_MS = KILLS * 30_000 + LOAD_MS + END_MS;
/** Calls of a client without a connection, of a dead server, and without a store. */
const LOST = ['UNCERTAIN', 'CALL_LOST'];
const STORE_LOST = [...LOST, 'UNAVAILABLE', 'CALL_UNKNOWN', 'CALL_TAKEN_OVER', 'CANCELLED'];

const PROGRAM = new URL('calls-node.mjs', import.meta.url);
const BUILT = existsSync(join(process.cwd(), 'libs/streams/dist/index.js'));

interface Node {
  child: Child;
  port: number;
}

if (!BUILT) console.warn('Processes need the built packages: npm run build.');
(BUILT ? describeWithRedis : describeWithoutBuild)(
  'Calls over Redis',
  (redis) => {
    let nodes: Node[] = [];
    let devices: Device[] = [];
    let random = randomFrom(SEED);
    /** The number of loads, in the names of their calls. */
    let loads = 0;

    /** Starts servers and devices; each pair of devices belongs to one user. */
    async function start(deviceCount: number, sabotage: readonly string[] = []): Promise<void> {
      random = randomFrom(SEED);
      if (!nodes.length || sabotage.length) await startNodes(sabotage);
      devices = await Promise.all(
        Array.from({ length: deviceCount }, (_, at) =>
          Device.start(`user${at >> 1}`, nodes[at % nodes.length]!.port),
        ),
      );
    }

    async function startNodes(sabotage: readonly string[]): Promise<void> {
      await stopNodes();
      nodes = await Promise.all([0, 1, 2].map(() => startNode(redis(), sabotage)));
    }

    async function stopNodes(): Promise<void> {
      await Promise.all(nodes.splice(0).map(({ child }) => child.stop()));
    }

    beforeAll(() => console.info(`calls over Redis: FAULTS_SEED=${SEED}`));
    afterEach(() => Promise.all(devices.splice(0).map((device) => device.close())));
    afterAll(stopNodes);

    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
    const allCalls = (): ReadCall[] => devices.flatMap(({ calls }) => calls);
    const areEnded = async (): Promise<boolean> => allCalls().every(({ ends }) => ends.length > 0);

    async function judged(excused: readonly string[]): Promise<string[]> {
      await until(areEnded, END_MS).catch(() => undefined);
      // The last `finally` follows the end.
      await wait(1_000);
      const runs = (await Promise.all(nodes.map(({ child }) => child.ask('runs')))) as CallRun[][];
      return judgeCalls(allCalls(), runs.flat(), excused);
    }

    /** Kills the server of calls that devices of all servers read; returns the times to their ends. */
    async function killProducer(round: number): Promise<readonly number[]> {
      const victim = nodes[0]!;
      for (const device of devices) device.move(victim.port);
      const started = devices.flatMap((device, at) =>
        Array.from({ length: CALLS / devices.length }, (_, call) =>
          device.call(`k${round}.${at}.${call}`, 'generate', { count: 10_000, restMs: 20 }),
        ),
      );
      await until(async () => started.every(({ got }) => got.length > 3), END_MS);
      // Every second device reads from another server; the others come back when theirs has died.
      for (const [at, device] of devices.entries()) {
        if (at % 2) device.move(nodes[1 + (round % 2)]!.port);
        else device.front.targetPort = nodes[1 + ((round + 1) % 2)]!.port;
      }
      await wait(300 + random() * 700);
      process.kill(victim.child.pid!, 'SIGKILL');
      const killedAtMs = performance.now();
      await until(async () => started.every(({ ends }) => ends.length > 0), END_MS);
      await Promise.all(started.map((call) => expectStored(redis(), call)));
      nodes[0] = await startNode(redis());
      return started.map(({ endedAtMs }) => endedAtMs - killedAtMs);
    }

    it(
      'end with a code after their stored items when their server is killed',
      async () => {
        await start(4);
        const times: number[] = [];
        for (let round = 0; round < KILLS; round++) times.push(...(await killProducer(round)));

        const sorted = times.toSorted((a, b) => a - b);
        const p99 = Math.round(sorted[Math.ceil(sorted.length * 0.99) - 1]!);
        console.info(
          `${times.length} readers of ${KILLS} killed servers had the end after ` +
            `${Math.round(sorted[sorted.length >> 1]!)} ms (median), ${p99} ms (p99)`,
        );
        expect(p99).toBeLessThanOrEqual(DEATH_MS);
        expect(await judged(['CALL_LOST'])).toEqual([]);
      },
      TEST_MS,
    );

    /** Calls at random, with cuts, moves to other servers, other devices and cancellations. */
    async function load(ms: number): Promise<void> {
      const endMs = performance.now() + ms;
      loads++;
      for (let number = 1; performance.now() < endMs; number++) {
        const device = pick(devices);
        const chance = random();
        const stored = device.calls.filter(({ shape }) => shape === 'generate');
        const other = devices[devices.indexOf(device) ^ 1]!;
        if (chance < 0.6)
          device.call(`c${loads}.${number}`, pick(SHAPES), {
            count: Math.floor(random() * 40),
            restMs: pick([0, 1, 20, 50]),
          });
        else if (chance < 0.7) device.front.reset();
        else if (chance < 0.8) device.move(pick(nodes).port);
        else if (chance < 0.95 && stored.length) other.resume(pick(stored));
        else if (stored.length) void other.cancel(pick(stored));
        await wait(random() * 100);
      }
    }

    const FAULTS: ReadonlyArray<readonly [what: string, fault: () => Promise<unknown>]> = [
      ['nothing else happens', async () => undefined],
      [
        'Redis is killed and returns with its data',
        async () => {
          await redis().kill();
          await wait(1_500);
          await redis().restart();
        },
      ],
      [
        'Redis is stopped',
        async () => {
          redis().pause();
          await wait(4_000);
          redis().resume();
        },
      ],
      ['Redis loses everything', () => redis().call('FLUSHALL')],
    ];

    it.each(FULL ? FAULTS : FAULTS.slice(1))(
      'have each item once and in order, and one end, when clients move and %s',
      async (_what, fault) => {
        await start(6);
        const loaded = load(LOAD_MS);
        await wait(LOAD_MS / 3);
        await fault();
        await loaded;

        expect(await judged(STORE_LOST)).toEqual([]);
        expect(allCalls().some(({ ends }) => ends[0] === 'end')).toBe(true);
      },
      TEST_MS,
    );

    it(
      'are found without an end when a dead server counts as alive',
      async () => {
        await start(4, ['deaths']);
        const calls = devices.map((device, at) =>
          device.call(`s${at}`, 'generate', { count: 10_000, restMs: 20 }),
        );
        await until(async () => calls.every(({ got }) => got.length > 3), END_MS);
        for (const [at, device] of devices.entries())
          if (device.front.targetPort === nodes[0]!.port) device.front.targetPort = nodes[1 + (at % 2)]!.port;
        process.kill(nodes[0]!.child.pid!, 'SIGKILL');
        await wait(2 * DEATH_MS);

        const problems = judgeCalls([calls[0]!], [], LOST);
        expect(problems).toEqual(['s0 has 0 ends']);
      },
      TEST_MS,
    );
  },
  ['--appendonly', 'yes', '--appendfsync', 'always'],
);

async function startNode({ url }: RedisServer, sabotage: readonly string[] = []): Promise<Node> {
  const child = new Child(PROGRAM, sabotageOptions([...sabotage]));
  return { child, port: (await child.ask('start', { redis: url })) as number };
}

/** Every item that is stored has reached its reader, and no other. */
async function expectStored(redis: RedisServer, call: ReadCall): Promise<void> {
  const stored = Number(String(await redis.call('LLEN', storedKeyOf(call))).replace(':', ''));
  expect([call.name, call.got.length]).toEqual([call.name, stored]);
}

function describeWithoutBuild(name: string, define: (redis: () => never) => void): void {
  describe.skip(name, () => define(() => undefined as never));
}
