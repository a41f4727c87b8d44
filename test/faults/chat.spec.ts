import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describeIfPostgres, PostgresServer } from '../rig/postgres-server.js';
import { describeWithRedis } from '../rig/redis.js';
import { CHAT_FAULTS } from './chat/chat-nemesis.js';
import { ChatRig, type ChatParts, type RunCounts, type SettleTimes } from './chat/chat-rig.js';
import { randomFrom } from './random.mjs';

/** `--quick` does a few runs; `CHAT_RUNS` sets their number for each database. */
const FULL = process.env.QUICK !== '1';
const RUNS = Number(process.env.CHAT_RUNS ?? (FULL ? 100 : 1));
const SEED = Number(process.env.FAULTS_SEED ?? (FULL ? Date.now() % 1e6 : 1));
const FAULTS_OF_A_RUN = 3;
const FAULT_MS = 1_200;
/** The most runs of a control: a device that opens a thread loads what it lacks, so one run may prove nothing. */
const CONTROL_ROUNDS = 5;
const CONTROL_SEED = 900_000;
/** The time in which everything agrees after the last fault. */
const SETTLED_MS = 60_000;
/** The time for which a control differs in the same way, so that what comes late does not count. */
const CONTROL_STABLE_MS = 6_000;
const RUN_MS = 180_000;

/** A device lacks a stored message of a channel or shows an older state of it; slow posts alone prove nothing. */
const STALE = / shows in [^/]* at \d+ of \d+ "(stored|undefined)/;
/** Protections that are removed, the faults that they protect from, and what the checker must find. */
const CONTROLS = [
  {
    lack: 'servers have no outbox',
    sabotage: { servers: ['outbox'] },
    // The death of the other server would move all devices, which then load what they lack.
    faults: ['serverDiesBeforeRelay'],
    signs: [STALE],
  },
  {
    lack: 'clients load nothing after a gap',
    sabotage: { clients: ['gaps'] },
    faults: ['redisCutOffAndEmptied', 'redisCutOffAndEmptied'],
    signs: [STALE],
  },
  {
    lack: 'threads, growing messages, files and guests are not protected',
    sabotage: {
      servers: ['growthLeases', 'fileCleanup', 'guestRights'],
      clients: ['threadEvents'],
    },
    faults: ['uploadCut', 'serverDiesWhileGrowing', 'clientsCut'],
    signs: [
      / shows in \S+\/\d+ at \d+ of \d+ "(stored|undefined)/,
      / grows at rest/,
      /the storage lacks the file /,
      /guest\d sees the foreign channel/,
    ],
  },
];

const BUILT = existsSync(join(process.cwd(), 'libs/chat/dist/index.js'));
if (!BUILT) console.warn('Processes need the built packages: npm run build.');

interface RunSettings {
  /** The names of the faults to choose from. */
  readonly faults: readonly string[];
  /** The number of faults; without it, all happen, in their order. */
  readonly count?: number;
  readonly times: SettleTimes;
}

interface RunResult {
  readonly problems: readonly string[];
  readonly counts: RunCounts;
}

/** Lets devices work under faults that a seed chooses; returns what differs at rest. */
async function run(rig: ChatRig, seed: number, settings: RunSettings): Promise<RunResult> {
  const { faults, count, times } = settings;
  const random = randomFrom(seed);
  await rig.open(`r${seed}`, seed);
  const done: string[] = [];
  while (done.length < (count ?? faults.length)) {
    const [place, choice, length, rest] = [random(), random(), random(), random()];
    const name = faults[count === undefined ? done.length : Math.floor(place * faults.length)]!;
    done.push(name);
    await wait(200 + rest * 500);
    await CHAT_FAULTS[name]!(rig, choice, 200 + length * FAULT_MS);
  }
  await wait(300);
  const problems = await rig.settle(times);
  const counts = await rig.close();
  const numbers = Object.entries(counts).map(([name, number]) => `${number} ${name}`);
  console.info(
    `${problems.length ? 'FAILED' : 'ok    '} seed ${seed}: ${done.join(', ')}; ${numbers.join(', ')}`,
  );
  // A long run shows at once what went wrong.
  if (problems.length) console.info(problems.join('\n'));
  return { problems: problems.map((problem) => `seed ${seed} (${done.join(', ')}): ${problem}`), counts };
}

(BUILT ? describeWithRedis : describe.skip)('Chats over Redis', (redis?: () => ChatParts['redis']) => {
  let rig: ChatRig | undefined;
  afterEach(async () => {
    await rig?.stop();
    rig = undefined;
  });

  function agreesOn(start: () => Promise<Omit<ChatParts, 'redis'>>, faults: readonly string[]): void {
    it(
      'agree with the database at rest after faults at random',
      async () => {
        rig = await ChatRig.start({ redis: redis!(), ...(await start()) });
        const settings = { faults, count: FAULTS_OF_A_RUN, times: { deadlineMs: SETTLED_MS } };
        const results: RunResult[] = [];
        for (let seed = SEED; seed < SEED + RUNS; seed++) results.push(await run(rig, seed, settings));

        expect(results.flatMap(({ problems }) => problems)).toEqual([]);
        for (const subject of ['posts', 'replies', 'files', 'growths'] as const)
          expect(Math.max(...results.map(({ counts }) => counts[subject]))).toBeGreaterThan(0);
      },
      RUNS * RUN_MS,
    );
  }

  describe('and a file that two servers share', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-faults-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const start = async (name: string) => ({
      database: { file: join(folder, `${name}.sqlite`) },
      files: join(folder, 'files'),
    });
    agreesOn(
      () => start('chat'),
      Object.keys(CHAT_FAULTS).filter((name) => name !== 'postgresKilled'),
    );

    it.each(CONTROLS)(
      'are found to differ when $lack',
      async ({ sabotage, faults, signs }) => {
        rig = await ChatRig.start({ redis: redis!(), ...(await start(faults[0]!)), sabotage });
        const times = { deadlineMs: SETTLED_MS, stableMs: CONTROL_STABLE_MS };
        const settings = { faults, times };
        const found: string[] = [];
        const unseen = (): RegExp[] => signs.filter((sign) => !found.some((problem) => sign.test(problem)));
        for (let round = 0; round < CONTROL_ROUNDS && unseen().length; round++)
          found.push(...(await run(rig, CONTROL_SEED + round, settings)).problems);

        expect(unseen()).toEqual([]);
      },
      CONTROL_ROUNDS * RUN_MS,
    );
  });

  describeIfPostgres('and PostgreSQL', () => {
    let postgres: PostgresServer;
    let files: string;
    beforeAll(async () => {
      files = await mkdtemp(join(tmpdir(), 'nestwire-chat-faults-'));
      postgres = await PostgresServer.start();
    });
    afterAll(async () => {
      await postgres?.stop();
      await rm(files, { recursive: true, force: true });
    });

    agreesOn(
      async () => ({ database: { postgres: postgres.url }, postgres, files }),
      Object.keys(CHAT_FAULTS),
    );
  });
});
