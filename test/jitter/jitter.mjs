import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../faults/event-log.mjs';
import { Front } from '../rig/front.mjs';
import { Crowd, startServer } from './rig.mjs';
import { scheduleOf } from './schedule.mjs';
import { judgeOrder, judgeReturns, quantile, sumOf } from './verdict.mjs';

const ROOM = 0;
const SETTLE_MS = 1_000;
/** A client may wait up to 20 s before it tries again. */
const LAST_RETURN_MS = 45_000;
const EXPORTS = { 'nestwire.client.mjs': 'NestwireClient', 'socket.io.client.mjs': 'SocketIoClient' };

/**
 * Posts at a rate to clients whose network goes and comes back, each at times of its own.
 *
 * @param {import('./peers/index.mjs').Peer} peer
 * @param {{ clients: number, processes: number, rate: number, durationMs: number, upMs: number, downMs: readonly [number, number], seed: number }} plan
 * @param {string} [redis]
 */
export async function jitter(peer, plan, redis) {
  const server = await startServer({ file: peer.server, ...peer.setup, redis: peer.needsRedis && redis });
  const fronts = await Promise.all(
    Array.from({ length: plan.clients }, () => new Front(() => server.port, now).listen()),
  );
  const crowd = new Crowd();
  try {
    const setup = { file: peer.client, exported: EXPORTS[peer.client], processes: plan.processes };
    await crowd.start(
      setup,
      fronts.map(({ port }) => ({ port, rooms: [ROOM] })),
    );
    const count = await postThroughOutages(server, fronts, plan);
    await waitForLast(server, crowd, count);
    return await verdictOf({ server, crowd, fronts, count });
  } finally {
    await crowd.stop();
    await Promise.all(fronts.map((front) => front.stop()));
    await server.child.stop();
  }
}

/** Returns how many messages count. */
async function postThroughOutages({ child }, fronts, plan) {
  const count = Math.round((plan.rate * plan.durationMs) / 1_000);
  const posting = child.ask('post', { rooms: [ROOM], rate: plan.rate, count });
  const schedule = scheduleOf(plan);
  await Promise.all(fronts.map((front, client) => spoil(front, schedule[client])));
  await posting;
  return count;
}

/** Cuts and heals as scheduled; an outage that finds no connection only holds it up. */
async function spoil(front, outages) {
  const startedAt = now();
  front.outages = [];
  for (const { cutAtMs, healAtMs } of outages) {
    await sleep(startedAt + cutAtMs - now());
    if (front.cut()) front.outages.push(now());
    await sleep(startedAt + healAtMs - now());
    front.heal();
  }
}

/** Posts on, slowly, until everyone is back; who has got a later one gets nothing any more of what counts. */
async function waitForLast({ child }, crowd, count) {
  const posting = child.ask('post', { rooms: [ROOM], rate: 4 });
  await crowd.reach([count + 1], LAST_RETURN_MS);
  await child.ask('stopPosting');
  await posting;
  await sleep(SETTLE_MS);
}

async function verdictOf({ server, crowd, fronts, count }) {
  const { postedAt, refused, failures } = await server.child.ask('posted');
  const { receipts, errors } = await crowd.report();
  const counts = receipts.map((got) => {
    const numbers = got.map(([, number]) => number);
    return judgeOrder(numbers, count, refused[ROOM]);
  });
  const returns = fronts.flatMap((front, client) => {
    const times = receipts[client].map(([, number, at]) => ({ number, at }));
    return judgeReturns(times, postedAt[ROOM], returnsOf(front));
  });
  const whole = returns.filter(({ replayMs }) => replayMs !== undefined);
  const away = returns.map(({ awayMs }) => awayMs);
  const replay = whole.map(({ replayMs }) => replayMs);
  return {
    counts: sumOf(counts),
    unharmed: counts.filter(({ lost, twice, outOfOrder }) => lost + twice + outOfOrder === 0).length,
    clients: crowd.size,
    refused: refused[ROOM]?.length ?? 0,
    outages: returns.length,
    caughtUp: whole.length,
    awayMs: { p50: quantile(away, 0.5), p99: quantile(away, 0.99) },
    replayMs: { p50: quantile(replay, 0.5), p99: quantile(replay, 0.99) },
    errors: [...errors, ...failures],
  };
}

/** Each outage that cut a connection, with the time of the next connection. */
function returnsOf({ outages, acceptedAt }) {
  return outages.flatMap((cutAt) => {
    const backAt = acceptedAt.find((at) => at > cutAt);
    return backAt === undefined ? [] : [{ cutAt, backAt }];
  });
}
