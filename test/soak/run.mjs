// `npm run test:soak [-- --quick]`: 10,000 cycles of connect, open, set state, listen and disconnect (quick:
// 750) leave nothing behind, with channels in the process and again with channels over Redis. Then some with
// an endpoint that leaks, to show that it would be seen. Runs against the built libraries.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Checks } from '../rig/checks.mjs';
import { Child } from '../rig/child.mjs';
import { findRedis, missingRedis, startRedis } from '../rig/redis-server.mjs';
import { enter, runCycles } from './cycles.mjs';
import { mib, problemsOf } from './verdict.mjs';

const RESULTS = fileURLToPath(new URL('../../node_modules/.cache/nestwire/results/', import.meta.url));
const REDIS_SETTLE_MS = 5_000;
/** The pattern of the channels in Redis. */
const CHANNELS = 'nestwire:[cl]:*';
const isQuick = process.argv.includes('--quick');
// The heap is compared with where it was after the first cycles of each run.
const PLAN = isQuick ? { cycles: 750, first: 350 } : { cycles: 10_000, first: 1_000 };
const LEAK_PLAN = { cycles: 700, first: 350 };
const EXPECTED_OF_LEAK = ['listeners', 'instances', 'heap'];

if (!existsSync(new URL('../../libs/streams/dist/index.js', import.meta.url)))
  throw new Error('The soak runs what is built: run "npm run build" first.');

const checks = new Checks({ tries: isQuick ? 2 : 1 });
await checks.add('channels in this process', () => soak(PLAN, {}));
if (await findRedis())
  await checks.add('channels over Redis', () => withRedis((redis) => soak(PLAN, { redis })));
else console.warn(missingRedis('Half of the soak'));
await checks.add('a leaky endpoint is seen', async () => {
  const problems = await soak(LEAK_PLAN, { isLeaky: true });
  return EXPECTED_OF_LEAK.filter((kind) => !problems.some((problem) => problem.startsWith(kind))).map(
    (kind) => `the leak of ${kind} was not seen; what was: ${problems.join('; ') || 'nothing'}`,
  );
});

checks.write(`${RESULTS}soak.json`);
process.exitCode = checks.isGood ? 0 : 1;

/**
 * Runs the cycles against a server of their own; returns what they left behind.
 *
 * @param {{ cycles: number, first: number }} plan
 * @param {{ redis?: any, isLeaky?: boolean }} setup
 * @returns {Promise<string[]>}
 */
async function soak({ cycles, first }, { redis, isLeaky }) {
  const server = new Child(new URL('server-process.mjs', import.meta.url), ['--expose-gc']);
  try {
    const { port } = await server.ask('start', { redis: redis?.url, isLeaky });
    // The channels of a server without clients.
    const own = redis ? await channelsIn(redis) : [];
    await runCycles(port, { from: 0, to: first });
    const before = await server.ask('census');
    const blind = await findBlindness(server, port, { redis, own });
    await runCycles(port, { from: first, to: cycles });
    const after = await server.ask('census');
    console.log(
      `          heap after ${first}: ${mib(before.heapUsed)}, after ${cycles}: ${mib(after.heapUsed)}`,
    );
    return [...blind, ...problemsOf(before, after, await leftInRedis(redis, own))];
  } finally {
    await server.stop();
  }
}

/** While a client is there, everything that must be zero later is not: the counts are not blind. */
async function findBlindness(server, port, { redis, own }) {
  const client = await enter(port, -1);
  const seen = await server.ask('glance');
  const blind = ['connections', 'sessions', 'channels', 'listeners'].filter((what) => !seen[what]);
  if (redis && !(await channelsIn(redis, own)).length) blind.push('redis channels');
  await client.close();
  return blind.map((what) => `the count of ${what} does not see a session that is there`);
}

/** Waits until Redis has no subscriber of ours; returns the channels that still have one. */
async function leftInRedis(redis, own) {
  if (!redis) return [];
  const deadline = performance.now() + REDIS_SETTLE_MS;
  let channels = await channelsIn(redis, own);
  while (channels.length && performance.now() < deadline) channels = await channelsIn(redis, own);
  return channels;
}

async function channelsIn(redis, own = []) {
  const reply = await redis.call('PUBSUB', 'CHANNELS', CHANNELS);
  return reply.split('\r\n').filter((line) => line.startsWith('nestwire:') && !own.includes(line));
}

async function withRedis(run) {
  const redis = await startRedis();
  try {
    return await run(redis);
  } finally {
    await redis.stop();
  }
}
