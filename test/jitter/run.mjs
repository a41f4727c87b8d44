// `npm run test:jitter [-- --quick] [--seed N] [--only jitter,rolling,storm] [--report FILE]`: connections are cut
// at random and come back, beside Socket.IO; all servers of a cluster are restarted in turn; all clients come
// back at once. `--quick` is the short form, `--report` writes the tables. Runs against the built libraries.
import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Checks } from '../rig/checks.mjs';
import { findRedis, missingRedis, startRedis } from '../rig/redis-server.mjs';
import { problemsOfJitter, problemsOfKill, problemsOfRolling, problemsOfStorm } from './acceptance.mjs';
import { jitter } from './jitter.mjs';
import { PEERS } from './peers/index.mjs';
import { FULL, QUICK } from './plans.mjs';
import { jitterTable, rollingTable, stormTable } from './report.mjs';
import { rolling } from './rolling.mjs';
import { storm } from './storm.mjs';

const RESULTS = fileURLToPath(new URL('../../node_modules/.cache/nestwire/results/', import.meta.url));
const SCENARIOS = { jitter: runJitter, rolling: runRolling, storm: runStorm };
const KILLED = { clients: 20, processes: 1, servers: 2 };

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: Object.keys(SCENARIOS).join() },
    report: { type: 'string' },
  },
});
const seed = Number(options.seed);
const plans = options.quick ? QUICK : FULL;
const redis = (await findRedis()) ? await startRedis() : undefined;
const checks = new Checks({ tries: options.quick ? 2 : 1 });
const report = [];

if (!existsSync(new URL('../../libs/streams/dist/index.js', import.meta.url)))
  throw new Error('This runs what is built: run "npm run build" first.');
if (!redis) console.warn(missingRedis('Half of the jitter suite'));

try {
  say(`Seed ${seed}, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)} before.`);
  for (const name of options.only.split(',')) await SCENARIOS[name]();
} finally {
  await redis?.stop();
}
checks.write(`${RESULTS}jitter.json`);
if (options.report) writeFileSync(options.report, `${report.join('\n\n')}\n`);
process.exitCode = checks.isGood ? 0 : 1;

/** The short form lets the peers run beside each other, the long one after another. */
async function runJitter() {
  const { areBeside, ...plan } = { ...plans.jitter, seed };
  const peers = PEERS.filter(({ needsRedis }) => redis || !needsRedis);
  const runs = new Map();
  const runOne = async (peer) => {
    await checks.add(peer.name, async () => {
      const outcome = await jitter(peer, /** @type {any} */ (plan), redis?.url);
      runs.set(peer, { peer, outcome });
      return problemsOfJitter(peer, outcome);
    });
  };
  if (areBeside) await Promise.all(peers.map(runOne));
  else for (const peer of peers) await runOne(peer);
  say(
    `## Connections that are cut\n\n${plan.clients} clients, ${plan.rate} messages a second for ${plan.durationMs / 1_000} s; ` +
      `each is cut after ${plan.upMs / 1_000} s on average, for ${plan.downMs.join(' to ')} ms.`,
  );
  say(jitterTable([...runs.values()].toSorted((a, b) => PEERS.indexOf(a.peer) - PEERS.indexOf(b.peer))));
}

async function runRolling() {
  if (!redis) return;
  const plan = { ...plans.rolling, seed };
  await checks.add('servers are restarted in turn', async () => {
    const outcome = await rolling(plan, redis.url);
    say(`## Servers that are restarted\n\n${rollingTable(outcome)}`);
    return problemsOfRolling(outcome);
  });
  await checks.add('servers that are killed are noticed', async () =>
    problemsOfKill(await rolling({ ...plan, ...KILLED }, redis.url, 'SIGKILL')),
  );
}

async function runStorm() {
  if (!redis) return;
  await checks.add('all come back at once', async () => {
    const outcome = await storm(plans.storm, redis);
    say(`## Clients that come back at once\n\n${stormTable(outcome)}`);
    return problemsOfStorm(outcome);
  });
}

function say(text) {
  report.push(text);
  console.log(`\n${text}\n`);
}
