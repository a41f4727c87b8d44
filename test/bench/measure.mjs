import { CodecContender } from './contenders/codec.contender.mjs';
import { HistoryContender } from './contenders/history.contender.mjs';
import { MemoryContender } from './contenders/memory.contender.mjs';
import { RejoinContender } from './contenders/rejoin.contender.mjs';
import { ServerContender } from './contenders/server.contender.mjs';
import { PEERS } from './peers/index.mjs';
import { costsOf } from './profile.mjs';
import { summarize } from './summary.mjs';
import { judge } from './targets.mjs';
import { required } from '../rig/required.mjs';

// A fifth of its saturation: queues stay short, and the server is not asleep either.
const PACED_SHARE = 0.2;
const CONTENDERS = {
  codec: CodecContender,
  hold: MemoryContender,
  follow: MemoryContender,
  keep: HistoryContender,
  rejoin: RejoinContender,
};

/**
 * How long and how often is measured.
 *
 * @typedef {object} Plan
 * @property {number} rounds
 * @property {number} roundMs
 * @property {number} warmUpMs
 * @property {string} [profile] the peer to profile
 * @property {string} folder where profiles are kept
 */

/**
 * Measures a workload. Rounds are interleaved, so that a noisy moment of the machine hits all alike.
 *
 * @param {import('./workloads.mjs').Workload} workload
 * @param {Plan} plan
 * @param {import('./contenders/server.contender.mjs').Surroundings} surroundings
 */
export async function measure(workload, plan, surroundings) {
  const rate = workload.load === 'paced' ? { perSecond: await paceOf(workload, plan) } : {};
  const Contender = CONTENDERS[workload.load] ?? ServerContender;
  const contenders = PEERS.filter(({ name }) => workload.peers.includes(name)).map(
    (peer) => new Contender(peer, workload, { ...surroundings, ...rate }),
  );
  try {
    const roundsOf = await runRounds(contenders, plan, workload.maxRounds);
    const profiled = contenders.find((one) => one.profile && one.peer.name === plan.profile);
    return {
      ...workload,
      ...rate,
      targets: judge(workload.targets, roundsOf),
      summary: summarize(roundsOf, workload.unit),
      rounds: Object.fromEntries(roundsOf),
      ...(profiled && { costs: costsOf(await profiled.profile(plan.roundMs * 3, plan.folder)) }),
    };
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

/** Returns the rate of a paced load, a share of the unit's saturation, in messages per second. */
async function paceOf(workload, plan) {
  const peer = required(
    PEERS.find(({ name }) => name === workload.unit),
    'peer of this name',
  );
  const contender = new ServerContender(peer, { ...workload, load: 'echo', inFlight: 1 }, {});
  try {
    await contender.start();
    await contender.warmUp(plan.warmUpMs);
    const { perSecond } = await contender.round(plan.roundMs);
    return Math.round(required(perSecond, 'rate') * PACED_SHARE);
  } finally {
    await contender.stop();
  }
}

async function runRounds(contenders, plan, maxRounds = Infinity) {
  const roundsOf = new Map(contenders.map(({ peer }) => [peer.name, []]));
  await Promise.all(contenders.map((contender) => contender.start()));
  for (const contender of contenders) await contender.warmUp(plan.warmUpMs);
  for (let round = 0; round < Math.min(plan.rounds, maxRounds); round++) {
    // Each begins in turn: what follows a heavy neighbour is not always the same one.
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)])
      roundsOf.get(contender.peer.name).push(await contender.round(plan.roundMs));
  }
  return roundsOf;
}
