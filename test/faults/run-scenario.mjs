import { mkdirSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readLog } from '../rig/checker/read-log.mjs';
import { ask } from '../rig/nemesis.mjs';
import { readFinals } from './finals.mjs';
import { judge } from './judge.mjs';
import { Rig } from './rig.mjs';
import { takeStep } from './steps.mjs';
import { required } from '../rig/required.mjs';

const LOGS = fileURLToPath(new URL('../../node_modules/.cache/nestwire/faults/', import.meta.url));
const WARM_UP_MS = 2_000;
const AFTERMATH_MS = 3_000;
const QUIET_MS = 2_000;
/** The time for a process to release its state, before the states are compared. */
const SETTLED_MS = 31_000;
const UNSUBSCRIBED_MS = 5_000;
const HANDLED_MS = 30_000;

/**
 * Runs a scenario once, and judges it.
 *
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {{ seed: number }} options
 * @returns {Promise<{ problems: string[], result?: import('../rig/checker/check.mjs').CheckResult, directory: string }>}
 */
export async function runScenario(scenario, { seed }) {
  const directory = `${LOGS}${scenario.id}.${seed}`;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const rig = new Rig(scenario, { directory, seed });
  const problems = [];
  try {
    await rig.start();
    await runFaults(rig);
    await rig.endLoad();
    if (scenario.setup.work) await untilHandled(rig);
    await wait(QUIET_MS);
    await rig.writePresence();
    await writeFinals(rig);
    await rig.closeClients();
    problems.push(...(await leftSubscribed(rig)), ...(await leftOpen(rig)));
  } finally {
    await rig.stop();
  }
  const { problems: found, result } = judge(scenario, readLog(directory));
  return { problems: [...problems, ...found], result, directory };
}

async function runFaults(rig) {
  const { steps, accept } = rig.scenario;
  await rig.post();
  await wait(WARM_UP_MS);
  for (const step of steps) await takeStep(rig, step);
  rig.log.write('nemesis', { what: 'heal' });
  const aftermathMs = (accept.convergeMs ?? 0) + AFTERMATH_MS;
  await wait(accept.isBounded ? Math.max(aftermathMs, SETTLED_MS) : aftermathMs);
}

/** Waits for the durable consumers, as they may be late; whether they have handled all is the checker's to say. */
async function untilHandled({ directory, log }) {
  const deadline = performance.now() + HANDLED_MS;
  let count;
  do {
    await wait(500);
    const events = readLog(directory);
    const heal = events.findLast(({ k, what }) => k === 'nemesis' && what === 'heal');
    const healedAt = required(heal, 'end of the faults in the log').at;
    const handled = new Set(events.filter(({ k }) => k === 'work').map(({ id }) => id));
    const left = events.filter(({ k, id, at }) => k === 'pub_ok' && at > healedAt && !handled.has(id));
    count = left.length;
  } while (count > 0 && performance.now() < deadline);
  log.write('handled', { left: count });
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

/** And no server holds anything of them. */
async function leftOpen({ nodes }) {
  const counts = await Promise.all(nodes.map(({ child }) => child.ask('counters')));
  return counts.flatMap(({ connections, sessions, channels }, index) =>
    connections + sessions + channels > 0
      ? [
          `${nodes[index].name} still has ${connections} connections, ${sessions} sessions, ${channels} channels`,
        ]
      : [],
  );
}

async function subscribedRooms(rig) {
  const lists = [];
  for (const master of await rig.masters()) {
    lists.push(await ask(master, 'PUBSUB', 'CHANNELS', '*room*'));
    lists.push(await ask(master, 'PUBSUB', 'SHARDCHANNELS', '*room*'));
  }
  return lists.flat();
}
