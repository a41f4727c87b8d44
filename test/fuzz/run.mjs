// `npm run test:fuzz [-- --quick] [--minutes N] [--seed N] [--codec json|msgpack]`: hostile conversations, for N
// minutes in each codec, with two servers over Redis, beside an honest client on each. A failed run names the
// seed that repeats it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Checks } from '../rig/checks.mjs';
import { findRedis, missingRedis } from '../rig/redis-server.mjs';
import { FuzzCluster } from './cluster.mjs';
import { converse } from './conversation.mjs';
import { Witness } from './witness.mjs';

const RESULTS = fileURLToPath(new URL('../../node_modules/.cache/nestwire/results/', import.meta.url));
const AT_ONCE = 8;
const MINUTE_MS = 60_000;
const QUICK_MINUTES = 0.05;
const LONG_MINUTES = 2;
const CONTROL_CONVERSATIONS = 400;
/** The conversations of a run in which each of the kinds below comes. */
const COVERED_CONVERSATIONS = 500;
const KINDS = [
  ...['reply', 'item', 'end', 'credit', 'request', 'withdrawn', 'subscribed', 'publication'],
  ...['TOO_MANY_STREAMS', 'TOO_MANY_SUBSCRIPTIONS', 'TOO_MANY_PRESENCES', 'TOO_MANY_CALLS'].map(errorOf),
  ...['CALL_WINDOW_EXCEEDED', 'CALL_UNKNOWN', 'CANCELLED', 'DEADLINE_EXCEEDED', 'INVALID_MESSAGE'].map(
    errorOf,
  ),
];

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    codec: { type: 'string' },
  },
});
const minutes = Number(values.minutes ?? (values.quick ? QUICK_MINUTES : LONG_MINUTES));
const codecs = values.codec ? [values.codec] : ['json', 'msgpack'];
// The short form takes the same seeds each time: no landing depends on luck.
const firstSeed = Number(values.seed ?? (values.quick ? 1 : Math.floor(Math.random() * 2 ** 31)));

if (!existsSync(new URL('../../libs/streams/dist/index.js', import.meta.url)))
  throw new Error('The fuzzer runs what is built: run "npm run build" first.');

const checks = new Checks();
if (await findRedis()) {
  for (const codec of codecs)
    await checks.add(`hostile conversations in ${codec}`, () => fuzz({ codec, endMs: minutes * MINUTE_MS }));
  await checks.add('a leak to another user is seen', seesLeak);
} else {
  console.warn(missingRedis('The fuzzer'));
}

checks.write(`${RESULTS}fuzz.json`);
process.exitCode = checks.isGood ? 0 : 1;

/** Plays conversations until the time is over; returns everything that is wrong. */
async function fuzz({ codec, endMs }) {
  const cluster = await FuzzCluster.start();
  try {
    const witnesses = cluster.ports.map((port, at) => new Witness({ port, name: ['bob', 'cyn'][at], codec }));
    for (const witness of witnesses) await witness.start();
    const end = performance.now() + endMs;
    const result = await play({ cluster, codec, isOver: () => performance.now() > end });
    await cluster.settled();
    const posted = (name) => ({
      inbox: cluster.posted.get(`inbox ${name}`) ?? [],
      room: cluster.posted.get('room ') ?? [],
    });
    for (const witness of witnesses) result.faults.push(...(await witness.stop(posted(witness.name))));
    result.faults.push(...(await cluster.leftovers()));
    result.faults.push(...gapsOf(result));
    console.log(`          ${noteOf(result, witnesses)}`);
    return result.faults;
  } finally {
    await cluster.stop();
  }
}

/** Returns the kinds of frames that a long run has not met, and contracts that differ between servers. */
function gapsOf({ conversations, heard, contracts }) {
  const missing = conversations < COVERED_CONVERSATIONS ? [] : KINDS.filter((kind) => !heard[kind]);
  const differing = contracts.size > 1 ? [`the servers have the contracts ${[...contracts].join(', ')}`] : [];
  return [...missing.map((kind) => `no server sent ${kind}`), ...differing];
}

function errorOf(code) {
  return `error ${code}`;
}

/** The negative control: sessions that are subscribed to the inbox of another user must be caught. */
async function seesLeak() {
  const cluster = await FuzzCluster.start({ flaw: 'leak' });
  try {
    let left = CONTROL_CONVERSATIONS;
    let isSeen = false;
    const isOver = (faults) => {
      isSeen = faults.some((fault) => fault.includes('belongs to another user'));
      return isSeen || left-- <= 0;
    };
    await play({ cluster, codec: 'json', isOver });
    return isSeen ? [] : [`${CONTROL_CONVERSATIONS} conversations did not meet the leak`];
  } finally {
    await cluster.stop();
  }
}

async function play({ cluster, codec, isOver }) {
  /** @type {import('./conversation.mjs').Total & { conversations: number }} */
  const sum = { faults: [], conversations: 0, frames: 0, bytes: 0, heard: {}, contracts: new Set() };
  let seed = firstSeed;
  const worker = async () => {
    while (!isOver(sum.faults)) {
      const own = seed++;
      const options = { ports: cluster.ports, seed: own, codec, post: (post) => cluster.post(post) };
      const { faults, frames, bytes, heard, contracts } = await converse(options).catch((error) => {
        throw new Error(`seed ${own}: ${error.stack}`);
      });
      sum.faults.push(...faults.map((fault) => `seed ${own}: ${fault}`));
      sum.conversations++;
      sum.frames += frames;
      sum.bytes += bytes;
      for (const contract of contracts) sum.contracts.add(contract);
      for (const [kind, count] of Object.entries(heard)) sum.heard[kind] = (sum.heard[kind] ?? 0) + count;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return sum;
}

function noteOf({ conversations, frames, heard }, witnesses) {
  const kinds = Object.entries(heard).toSorted(([, a], [, b]) => b - a);
  const honest = witnesses.map(({ figures }) => `${figures.sent} sent, ${figures.inbox + figures.room} read`);
  return (
    `seed ${firstSeed}: ${conversations} conversations, ${frames} frames; honest clients: ${honest.join('; ')}\n` +
    `          heard: ${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')}`
  );
}
