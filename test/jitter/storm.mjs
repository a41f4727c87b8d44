import { now } from '../faults/event-log.mjs';
import { Front } from '../rig/front.mjs';
import { Crowd, startServer } from './rig.mjs';
import { judgeOrder, quantile, sumOf } from './verdict.mjs';

const ROOM = 0;
const POSTS_PER_SECOND = 500;
const DEADLINE_MS = 60_000;
const UNLIMITED = 1e9;
/** The limits of new connections, out of the way: the worst case for the systems behind the servers. */
const limits = { connectsPerSecond: UNLIMITED, maxHandshakes: 10_000 };

/**
 * Lets clients come back at once, to a server that has nothing of their channel yet; they were cut off in waves,
 * so that each wave stands at another position. Returns what they got, and what it cost Redis.
 *
 * @param {{ clients: number, processes: number, waves: number, perWave: number }} plan
 * @param {import('../rig/redis-server.mjs').RedisServer} redis
 */
export async function storm(plan, redis) {
  const setup = { file: 'nestwire.server.mjs', redis: redis.url, options: { limits } };
  const [former, next] = await Promise.all([startServer(setup), startServer(setup)]);
  let server = former;
  const fronts = await Promise.all(
    Array.from({ length: plan.waves }, () => new Front(() => server.port, now).listen()),
  );
  const crowd = new Crowd();
  try {
    await crowd.start(
      {
        file: 'nestwire.client.mjs',
        exported: 'NestwireClient',
        processes: plan.processes,
        options: { maxRetryMs: 300 },
      },
      Array.from({ length: plan.clients }, (_, client) => ({
        port: fronts[client % plan.waves].port,
        rooms: [ROOM],
      })),
    );
    const last = await cutInWaves(plan, { fronts, former });
    server = next;
    return await comeBack(plan, { redis, former, server, fronts, crowd, last });
  } finally {
    await crowd.stop();
    await Promise.all(fronts.map((front) => front.stop()));
    await Promise.all([former, next].map(({ child }) => child.stop()));
  }
}

/** Returns how many messages were posted. */
async function cutInWaves({ waves, perWave }, { fronts, former }) {
  const post = () => former.child.ask('post', { rooms: [ROOM], rate: POSTS_PER_SECOND, count: perWave });
  await post();
  for (const front of fronts) {
    front.cut();
    await post();
  }
  return (waves + 1) * perWave;
}

async function comeBack({ clients, waves }, { redis, former, server, fronts, crowd, last }) {
  const before = { scripts: await scriptsOf(redis), reads: await readsOf(server) };
  const from = now();
  for (const front of fronts) front.heal();
  await crowd.reach([last], DEADLINE_MS);
  const { reads } = await server.child.ask('counters');
  const scripts = (await scriptsOf(redis)) - before.scripts;
  const { receipts, errors } = await crowd.report();
  const { refused, failures } = await former.child.ask('posted');
  const counts = receipts.map((got) => {
    const numbers = got.map(([, number]) => number);
    return judgeOrder(numbers, last, refused[ROOM]);
  });
  const lastAt = receipts.map((got) => got.findLast(([, number]) => number === last)?.[2] ?? NaN);
  const accepted = fronts.flatMap(({ acceptedAt }) => acceptedAt.filter((at) => at >= from));
  const connectedWithinMs = quantile(accepted, 1) - from;
  return {
    clients,
    counts: sumOf(counts),
    reads: reads - before.reads,
    // A page that was read serves all behind its position for a second.
    mostReads: waves * (1 + Math.ceil(connectedWithinMs / 1_000)),
    scripts,
    posted: last,
    refused: refused[ROOM]?.length ?? 0,
    connectedWithinMs,
    doneWithinMs: quantile(lastAt, 1) - from,
    errors: [...errors, ...failures],
  };
}

async function readsOf({ child }) {
  return (await child.ask('counters')).reads;
}

/** How often Redis has run a script. */
async function scriptsOf(redis) {
  const text = await redis.call('INFO', 'commandstats');
  return [...text.matchAll(/cmdstat_(?:evalsha|eval|evalsha_ro|fcall_ro):calls=(\d+)/g)].reduce(
    (sum, [, calls]) => sum + Number(calls),
    0,
  );
}
