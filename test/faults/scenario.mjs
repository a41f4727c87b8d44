// Runs scenarios: `node test/faults/scenario.mjs R1 S3 [--runs 20] [--seed 7]`, or `all`. A log of each run stays
// below node_modules/.cache/nestwire/faults. Runs against the built libraries.
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readLog } from '../rig/checker/read-log.mjs';
import { ask } from '../rig/nemesis.mjs';
import { readFinals } from './finals.mjs';
import { judge } from './judge.mjs';
import { Rig } from './rig.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { takeStep } from './steps.mjs';

const LOGS = fileURLToPath(new URL('../../node_modules/.cache/nestwire/faults/', import.meta.url));
const WARM_UP_MS = 2_000;
const AFTERMATH_MS = 3_000;
const QUIET_MS = 2_000;
const UNSUBSCRIBED_MS = 5_000;

/**
 * Runs a scenario once.
 *
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {{ seed: number }} options
 */
export async function runScenario(scenario, { seed }) {
  const directory = `${LOGS}${scenario.id}.${seed}`;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const rig = new Rig(scenario, { directory, seed });
  const problems = [];
  try {
    await rig.start();
    await rig.post();
    await wait(WARM_UP_MS);
    for (const step of scenario.steps) await takeStep(rig, step);
    rig.log.write('nemesis', { what: 'heal' });
    await wait((scenario.accept.convergeMs ?? 0) + AFTERMATH_MS);
    await rig.endLoad();
    await wait(QUIET_MS);
    await writeFinals(rig);
    await rig.closeClients();
    problems.push(...(await leftSubscribed(rig)));
  } finally {
    await rig.stop();
  }
  const { problems: found, result } = judge(scenario, readLog(directory));
  return { problems: [...problems, ...found], result, directory };
}

async function writeFinals(rig) {
  const posts = readLog(rig.directory).filter(({ k }) => k === 'pub_invoke');
  const channelOf = new Map(posts.map(({ id, ch }) => [id, ch]));
  for (const final of await readFinals(await rig.masters(), channelOf)) rig.log.write('final', final);
}

/** When the clients have gone, no server listens to a room any more. */
async function leftSubscribed(rig) {
  const deadline = performance.now() + UNSUBSCRIBED_MS;
  let left;
  do {
    await wait(200);
    left = await subscribedRooms(rig);
  } while (left.length > 0 && performance.now() < deadline);
  return left.length > 0
    ? [`still subscribed after the clients have gone: ${left.slice(0, 3).join(', ')}`]
    : [];
}

async function subscribedRooms(rig) {
  const lists = [];
  for (const master of await rig.masters()) {
    lists.push(await ask(master, 'PUBSUB', 'CHANNELS', '*room*'));
    lists.push(await ask(master, 'PUBSUB', 'SHARDCHANNELS', '*room*'));
  }
  return lists.flat();
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Date.now() % 1e6) },
    },
  });
  const ids = positionals.includes('all') ? [...SCENARIOS.keys()] : positionals;
  for (const id of ids) {
    if (!SCENARIOS.has(id)) throw new Error(`There is no scenario ${id}: ${[...SCENARIOS.keys()].join(' ')}`);
    for (let run = 0; run < Number(values.runs); run++)
      await report(SCENARIOS.get(id), Number(values.seed) + run);
  }
}

async function report(scenario, seed) {
  const startedAt = performance.now();
  const { problems, result, directory } = await runScenario(scenario, { seed }).catch((error) => ({
    problems: [String(error.stack)],
  }));
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(
    `${problems.length ? 'FAILED' : 'ok    '}  ${scenario.id} ${scenario.what} (seed ${seed}, ${seconds} s)`,
  );
  console.log(`          ${result?.verdict} ${JSON.stringify(result?.figures)}`);
  for (const problem of problems) console.log(problem.replaceAll(/^/gm, '          '));
  if (problems.length > 0) process.exitCode = 1;
  if (problems.length > 0 && directory) console.log(`          ${directory}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
