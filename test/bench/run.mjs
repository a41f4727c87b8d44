// `npm run bench [-- --quick] [--json] [--write] [--only WORKLOAD,…] [--peers PEER,…] [--rounds N] [--profile PEER]`:
// measures the built libraries beside their peers. `--quick` is the short form, `--json` prints all figures and
// nothing else, `--write` writes docs/benchmarks.md, its plot and the figures in README.md; with `--from FILE` it
// writes them from what --json printed before, without measuring. What is measured never fails; a wrong answer does.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findRedis, missingRedis, startRedis } from '../rig/redis-server.mjs';
import { hasBufferUtil, machineOf, obstacleOf } from './machine.mjs';
import { measure } from './measure.mjs';
import { PEERS } from './peers/index.mjs';
import { writePage } from './page/benchmarks.page.mjs';
import { writeReadme } from './page/readme.table.mjs';
import { sectionOf } from './report.mjs';
import { judge } from './targets.mjs';
import { WORKLOADS } from './workloads.mjs';
import { required } from '../rig/required.mjs';

const RESULTS = fileURLToPath(new URL('../../node_modules/.cache/nestwire/results/', import.meta.url));
const FULL = { rounds: 9, roundMs: 1_000, warmUpMs: 2_000 };
const QUICK = { rounds: 3, roundMs: 300, warmUpMs: 500 };

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    from: { type: 'string' },
    only: { type: 'string' },
    peers: { type: 'string' },
    rounds: { type: 'string' },
    profile: { type: 'string' },
  },
});

const isBuilt = existsSync(new URL('../../libs/streams/dist/index.js', import.meta.url));
if (!isBuilt) throw new Error('The bench measures what is built: run "npm run build" first.');
mkdirSync(RESULTS, { recursive: true });

const BUFFER_UTIL_HINT =
  'the rows with bufferutil are left out; "npm install --no-save bufferutil@4.1.0" brings them.';

const say = (text) => (options.json ? console.error(text) : console.log(text));
const plan = { ...(options.quick ? QUICK : FULL), profile: options.profile, folder: RESULTS };
if (options.rounds) plan.rounds = Number(options.rounds);

const run = options.from ? judgedAnew(JSON.parse(readFileSync(options.from, 'utf8'))) : await measureAll();
const failed = run.workloads.filter(({ error }) => error);
if (options.write) {
  writePage(run);
  writeReadme(run);
}
if (options.json) console.log(JSON.stringify(run, null, 2));
const counts = { numPassedTests: run.workloads.length - failed.length, numFailedTests: failed.length };
writeFileSync(`${RESULTS}bench.json`, JSON.stringify(counts));
process.exitCode = failed.length ? 1 : 0;

/** Returns an earlier run with the verdicts of the present targets. */
function judgedAnew(earlier) {
  const workloads = earlier.workloads.map((outcome) => {
    const { targets } = workloadNamed(outcome.name);
    return outcome.rounds
      ? { ...outcome, targets: judge(targets, new Map(Object.entries(outcome.rounds))) }
      : outcome;
  });
  return { ...earlier, workloads };
}

async function measureAll() {
  const chosen = chosenWorkloads();
  const redis = chosen.some(({ servers }) => servers) ? await redisIfFound() : undefined;
  const workloads = [];
  try {
    for (const workload of chosen) workloads.push(await outcomeOf(workload, redis));
  } finally {
    await redis?.stop();
  }
  const { roundMs, warmUpMs } = plan;
  return { ...machineOf(), roundMs, warmUpMs, workloads };
}

/** Returns the workloads of the options; a named one is measured in the short form too. */
function chosenWorkloads() {
  const names = namesIn(options.only, WORKLOADS);
  const peers = namesIn(options.peers, PEERS);
  return WORKLOADS.filter(({ name, quick, isOnRequest }) =>
    names ? names.includes(name) : options.quick ? quick : !isOnRequest,
  )
    .map((workload) => (options.quick ? { ...workload, ...workload.quick } : workload))
    .map((workload) => (peers ? withPeers(workload, peers) : workload))
    .map(withoutAbsent)
    .filter((workload) => workload.peers.length);
}

/** Splits a list of names, all of which must be known. */
function namesIn(text, known) {
  const names = text?.split(',');
  const unknown = names?.find((name) => !known.some((one) => one.name === name));
  if (!unknown) return names;
  throw new Error(`There is no "${unknown}" among ${known.map(({ name }) => name).join(', ')}.`);
}

/** Returns the workload with a name. @param {string} name */
function workloadNamed(name) {
  return required(
    WORKLOADS.find((workload) => workload.name === name),
    `workload ${name}`,
  );
}

/** Also peers that the workload has in its long form alone. */
function withPeers(workload, names) {
  const all = workloadNamed(workload.name).peers;
  return { ...workload, peers: all.filter((peer) => names.includes(peer)) };
}

/** Leaves out the peers whose native addon is not installed. */
function withoutAbsent(workload) {
  const isThere = (name) => !PEERS.find((peer) => peer.name === name)?.isNative || hasBufferUtil();
  const peers = workload.peers.filter(isThere);
  if (peers.length < workload.peers.length) say(`${workload.name}: ${BUFFER_UTIL_HINT}\n`);
  return { ...workload, peers };
}

async function redisIfFound() {
  if (await findRedis()) return startRedis();
  say(missingRedis('The cluster'));
  return undefined;
}

/**
 * @param {import('./workloads.mjs').Workload} workload
 * @param {import('../rig/redis-server.mjs').RedisServer} [redis]
 */
async function outcomeOf(workload, redis) {
  const skipped = obstacleOf(workload) ?? (workload.servers && !redis ? 'There is no Redis.' : undefined);
  if (skipped) {
    say(`## ${workload.title}\n\nSkipped: ${skipped}\n`);
    return { ...workload, skipped };
  }
  try {
    const outcome = await measure(workload, plan, workload.servers ? { redisUrl: redis?.url } : {});
    say(sectionOf(outcome));
    return outcome;
  } catch (error) {
    say(`## ${workload.title}\n\nFAILED: ${/** @type {Error} */ (error).stack}\n`);
    return { ...workload, error: String(error) };
  }
}
