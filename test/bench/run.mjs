// `npm run bench [-- --quick] [--json] [--only WORKLOAD,…] [--peers PEER,…] [--rounds N] [--profile PEER]`:
// measures the built libraries beside their peers. Rounds are interleaved, so that a noisy moment of the
// machine hits all of them alike.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Contender } from './contender.mjs';
import { PEERS, UNIT } from './peers/index.mjs';
import { costsOf } from './profile.mjs';
import { summarize, tableOf } from './report.mjs';
import { WORKLOADS } from './workloads.mjs';

const RESULTS = fileURLToPath(new URL('../../node_modules/.cache/nestwire/results/', import.meta.url));
const FULL = { rounds: 9, roundMs: 2_000, warmUpMs: 4_000 };
const QUICK = { rounds: 3, roundMs: 400, warmUpMs: 600 };

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

const plan = options.quick ? QUICK : FULL;
const rounds = Number(options.rounds ?? plan.rounds);
const chosen = (list, names) => list.filter(({ name }) => !names || names.split(',').includes(name));
const say = (text) => (options.json ? console.error(text) : console.log(text));

mkdirSync(RESULTS, { recursive: true });
const outcomes = [];
for (const workload of chosen(WORKLOADS, options.only)) outcomes.push(await measure(workload));

if (options.json)
  console.log(JSON.stringify({ node: process.version, unit: UNIT, workloads: outcomes }, null, 2));
const numFailedTests = outcomes.filter(({ error }) => error).length;
const counts = { numPassedTests: outcomes.length - numFailedTests, numFailedTests };
writeFileSync(`${RESULTS}bench.json`, JSON.stringify(counts));
process.exitCode = numFailedTests ? 1 : 0;

/** @param {import('./workloads.mjs').Workload} workload */
async function measure(workload) {
  const contenders = chosen(PEERS, options.peers).map((peer) => new Contender(peer, workload));
  try {
    const roundsOf = await runRounds(contenders);
    const summary = summarize(roundsOf, UNIT);
    say(tableOf(workload.title, summary, UNIT));
    const profiled = contenders.find(({ peer }) => peer.name === options.profile);
    if (profiled) say(`${costsOf(await profiled.profile(plan.roundMs * 3, RESULTS))}\n`);
    return { ...workload, summary, rounds: Object.fromEntries(roundsOf) };
  } catch (error) {
    say(`## ${workload.title}\n\nFAILED: ${error.stack}\n`);
    return { ...workload, error: String(error) };
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

/** @param {readonly Contender[]} contenders */
async function runRounds(contenders) {
  const roundsOf = new Map(contenders.map(({ peer }) => [peer.name, []]));
  for (const contender of contenders) {
    await contender.start();
    await contender.round(plan.warmUpMs);
  }
  for (let round = 0; round < rounds; round++) {
    // Each begins in turn: what follows a heavy neighbour is not always the same one.
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)])
      roundsOf.get(contender.peer.name).push(await contender.round(plan.roundMs));
  }
  return roundsOf;
}
