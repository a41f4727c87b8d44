import { ratioOf } from './statistics.mjs';

/**
 * The limit of a figure of one peer, as a ratio to the median of another peer in the same run; without another
 * peer, what it may be in each round.
 *
 * @typedef {object} Target
 * @property {string} peer
 * @property {string} [of] the other peer
 * @property {'cpuUs' | 'p50Us' | 'p99Us' | 'rssKb' | 'bytes' | 'restBytes' | 'reads'} figure
 * @property {number} atMost
 * @property {number} [times] the same the other way round, where that is how the target is said
 * @property {string} text
 */

/**
 * A target, and what became of it: the ratio of the medians and its spread, or a count.
 *
 * @typedef {Target & {
 *   ratio?: number, low?: number, high?: number, count?: number, isMet: boolean }} Verdict
 */

const NAMES = {
  cpuUs: 'CPU',
  p50Us: 'p50',
  p99Us: 'p99',
  rssKb: 'memory',
  bytes: 'memory',
  restBytes: 'memory after two minutes',
};

/**
 * @param {number} atMost
 * @param {string} of
 * @param {{ peer?: string, figure?: Target['figure'] }} [what]
 * @returns {Target}
 */
export function ratioAtMost(atMost, of, { peer = 'nestwire', figure = 'cpuUs' } = {}) {
  return { peer, of, figure, atMost, text: `${peer}: ${NAMES[figure]} at most ${atMost} × ${of}` };
}

/**
 * @param {number} times
 * @param {string} of
 * @returns {Target}
 */
export function timesLess(times, of) {
  const text = `nestwire: CPU at least ${times} times less than ${of}`;
  return { peer: 'nestwire', of, figure: 'cpuUs', atMost: 1 / times, times, text };
}

/**
 * @param {number} atMost in each round
 * @param {string} peer
 * @returns {Target}
 */
export function readsAtMost(atMost, peer) {
  return { peer, figure: 'reads', atMost, text: `${peer}: at most ${atMost} reads of Redis` };
}

/**
 * Judges the targets whose peers were measured.
 *
 * @param {readonly Target[]} targets
 * @param {ReadonlyMap<string, readonly import('./contenders/server.contender.mjs').RoundFigures[]>} roundsOf
 * @returns {Verdict[]}
 */
export function judge(targets, roundsOf) {
  return targets
    .filter(({ peer, of = peer }) => roundsOf.has(peer) && roundsOf.has(of))
    .map((target) => {
      const { of, figure, atMost } = target;
      const rounds = roundsOf.get(target.peer) ?? [];
      if (!of) {
        const count = Math.max(...rounds.map((round) => round[figure] ?? NaN));
        return { ...target, count, isMet: count <= atMost };
      }
      const { median: ratio, low, high } = ratioOf(rounds, roundsOf.get(of) ?? [], figure);
      return { ...target, ratio, low, high, isMet: ratio <= atMost };
    });
}
