// `npm run bench [-- --quick] [--json] [--only WORKLOAD,…] [--peers PEER,…] [--rounds N] [--profile PEER]`:
// measures the built libraries beside their peers. `--quick` is the short form, `--json` prints all figures and
// nothing else. What is measured never fails; a wrong answer does.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findRedis, missingRedis, startRedis } from '../rig/redis-server.mjs';
import { machineOf, obstacleOf } from './machine.mjs';
import { measure } from './measure.mjs';
import { sectionOf } from './report.mjs';
import { WORKLOADS } from './workloads.mjs';

const RESULTS = fileURLToPath(new URL('../../node_modules/.cache/nestwire/results/', import.meta.url));
const FULL = { rounds: 9, roundMs: 1_000, warmUpMs: 2_000 };
const QUICK = { rounds: 3, roundMs: 300, warmUpMs: 500 };

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    peers: { type: 'string' },
    rounds: { type: 'string' },
    profile: { type: 'string' },
  },
});

const isBuilt = existsSync(new URL('../../libs/streams/dist/index.js', import.meta.url));
if (!isBuilt) throw new Error('The bench measures what is built: run "npm run build" first.');
mkdirSync(RESULTS, { recursive: true });

const say = (text) => (options.json ? console.error(text) : console.log(text));
const plan = { ...(options.quick ? QUICK : FULL), profile: options.profile, folder: RESULTS };
if (options.rounds) plan.rounds = Number(options.rounds);

const workloads = chosenWorkloads();
const redis = workloads.some(({ servers }) => servers) ? await redisIfFound() : undefined;
const outcomes = [];
try {
  for (const workload of workloads) outcomes.push(await outcomeOf(workload));
} finally {
  await redis?.stop();
}

const measured = outcomes.filter(({ summary }) => summary);
const failed = outcomes.filter(({ error }) => error);
if (options.json) console.log(JSON.stringify({ ...machineOf(), plan, workloads: outcomes }, null, 2));
const counts = { numPassedTests: measured.length, numFailedTests: failed.length };
writeFileSync(`${RESULTS}bench.json`, JSON.stringify(counts));
process.exitCode = failed.length ? 1 : 0;

/** What the options ask for; a name asked for is measured in the short form too. */
function chosenWorkloads() {
  const names = options.only?.split(',');
  const peers = options.peers?.split(',');
  return WORKLOADS.filter(({ name, quick }) => (names ? names.includes(name) : !options.quick || quick))
    .map((workload) => (options.quick ? { ...workload, ...workload.quick } : workload))
    .map((workload) => (peers ? withPeers(workload, peers) : workload));
}

/** Also peers that the workload has in its long form alone. */
function withPeers(workload, names) {
  const all = WORKLOADS.find(({ name }) => name === workload.name).peers;
  return { ...workload, peers: all.filter((peer) => names.includes(peer)) };
}

async function redisIfFound() {
  if (await findRedis()) return startRedis();
  say(missingRedis('The cluster'));
  return undefined;
}

/** @param {import('./workloads.mjs').Workload} workload */
async function outcomeOf(workload) {
  const skipped = obstacleOf(workload) ?? (workload.servers && !redis ? 'There is no Redis.' : undefined);
  if (skipped) {
    say(`## ${workload.title}\n\nSkipped: ${skipped}\n`);
    return { ...workload, skipped };
  }
  try {
    const outcome = await measure(workload, plan, workload.servers ? { redisUrl: redis.url } : {});
    say(sectionOf(outcome));
    return outcome;
  } catch (error) {
    say(`## ${workload.title}\n\nFAILED: ${error.stack}\n`);
    return { ...workload, error: String(error) };
  }
}
