import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describeIfPostgres, PostgresServer } from '../rig/postgres-server.js';
import { describeWithRedis } from '../rig/redis.js';
import { CHAT_FAULTS } from './chat-nemesis.js';
import { ChatRig, type ChatParts } from './chat-rig.js';
import { randomFrom } from './random.mjs';

/** `--quick` does a few runs; `CHAT_RUNS` sets their number for each database. */
const FULL = process.env.QUICK !== '1';
const RUNS = Number(process.env.CHAT_RUNS ?? (FULL ? 100 : 1));
const SEED = Number(process.env.FAULTS_SEED ?? (FULL ? Date.now() % 1e6 : 1));
const FAULTS_OF_A_RUN = 3;
const FAULT_MS = 1_200;
const FAULTS_OF_A_CONTROL = 2;
const CONTROL_ROUNDS = 2;
const CONTROL_SEED = 900_000;
/** The time in which everything agrees after the last fault. */
const SETTLED_MS = 60_000;
const CONTROL_SETTLED_MS = 8_000;
const RUN_MS = 120_000;

const BUILT = existsSync(join(process.cwd(), 'libs/chat/dist/index.js'));
if (!BUILT) console.warn('Processes need the built packages: npm run build.');

interface RunSettings {
  /** The names of the faults to choose from. */
  readonly faults: readonly string[];
  readonly count: number;
  readonly settledMs: number;
}

/** Lets devices work under faults that a seed chooses; returns what differs at rest. */
async function run(rig: ChatRig, seed: number, { faults, count, settledMs }: RunSettings): Promise<string[]> {
  const random = randomFrom(seed);
  await rig.open(`r${seed}`);
  await rig.clients.ask('work', { seed });
  const done: string[] = [];
  while (done.length < count) {
    const name = faults[Math.floor(random() * faults.length)]!;
    const [choice, length, rest] = [random(), random(), random()];
    done.push(name);
    await wait(200 + rest * 500);
    await CHAT_FAULTS[name]!(rig, choice, 200 + length * FAULT_MS);
  }
  await wait(300);
  const problems = await rig.settle(settledMs);
  const { posts } = await rig.close();
  console.info(`${problems.length ? 'FAILED' : 'ok    '} seed ${seed}: ${done.join(', ')}; ${posts} posts`);
  // A long run shows at once what went wrong.
  if (problems.length) console.info(problems.join('\n'));
  return problems.map((problem) => `seed ${seed} (${done.join(', ')}): ${problem}`);
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
        const settings = { faults, count: FAULTS_OF_A_RUN, settledMs: SETTLED_MS };
        const problems: string[] = [];
        for (let seed = SEED; seed < SEED + RUNS; seed++) problems.push(...(await run(rig, seed, settings)));

        expect(problems).toEqual([]);
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

    const start = async (name: string) => ({ database: { file: join(folder, `${name}.sqlite`) } });
    agreesOn(
      () => start('chat'),
      Object.keys(CHAT_FAULTS).filter((name) => name !== 'postgresKilled'),
    );

    it.each([
      ['servers have no outbox', { servers: ['outbox'] }, ['serverDiesBeforeRelay']],
      ['clients load nothing after a gap', { clients: ['gaps'] }, ['redisCutOffAndEmptied']],
    ])(
      'are found to differ when %s',
      async (_what, sabotage, faults) => {
        rig = await ChatRig.start({ redis: redis!(), ...(await start(faults[0]!)), sabotage });
        const settings = { faults, count: FAULTS_OF_A_CONTROL, settledMs: CONTROL_SETTLED_MS };
        const problems: string[] = [];
        for (let round = 0; round < CONTROL_ROUNDS && problems.length === 0; round++)
          problems.push(...(await run(rig, CONTROL_SEED + round, settings)));

        // A device lacks a stored message or shows an older state of it; slow posts alone prove nothing.
        const stale = problems.filter((problem) =>
          / shows in .* at \d+ of \d+ "(stored|undefined)/.test(problem),
        );
        expect(stale).not.toEqual([]);
      },
      CONTROL_ROUNDS * RUN_MS,
    );
  });

  describeIfPostgres('and PostgreSQL', () => {
    let postgres: PostgresServer;
    beforeAll(async () => {
      postgres = await PostgresServer.start();
    });
    afterAll(() => postgres?.stop());

    agreesOn(async () => ({ database: { postgres: postgres.url }, postgres }), Object.keys(CHAT_FAULTS));
  });
});
