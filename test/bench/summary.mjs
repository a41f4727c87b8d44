import { median, ratioOf } from './statistics.mjs';

const FIGURES = [
  'perSecond',
  'p50Us',
  'p99Us',
  'allMs',
  'reads',
  'cpuUs',
  'kernelUs',
  'rssKb',
  'payloadBytes',
  'bytes',
  'restBytes',
  'serverShare',
  'loadShare',
];
const RATIOS = {
  cpuRatio: 'cpuUs',
  rateRatio: 'perSecond',
  p99Ratio: 'p99Us',
  rssRatio: 'rssKb',
  bytesRatio: 'bytes',
  restRatio: 'restBytes',
};

/**
 * The summary of the rounds of one peer in a workload.
 *
 * @typedef {Partial<import('./contenders/server.contender.mjs').RoundFigures> & {
 *   peer: string, rounds: number, isLoadTheLimit: boolean,
 *   cpuRatio?: Ratio, rateRatio?: Ratio, p99Ratio?: Ratio, rssRatio?: Ratio, bytesRatio?: Ratio,
 *   restRatio?: Ratio }} Summary medians, and ratios to the unit
 * @typedef {{ median: number, low: number, high: number }} Ratio
 */

/**
 * Sums up the rounds of a workload.
 *
 * @param {ReadonlyMap<string, readonly object[]>} roundsOf by name of the peer
 * @param {string} unit
 * @returns {Summary[]}
 */
export function summarize(roundsOf, unit) {
  const unitRounds = roundsOf.get(unit);
  return [...roundsOf].map(([peer, rounds]) => {
    const present = (figure) => rounds[0]?.[figure] !== undefined;
    const medianOf = (figure) => median(rounds.map((round) => round[figure]));
    const medians = Object.fromEntries(FIGURES.filter(present).map((figure) => [figure, medianOf(figure)]));
    const ratios = Object.entries(RATIOS)
      .filter(([, figure]) => present(figure) && unitRounds)
      .map(([name, figure]) => [name, ratioOf(rounds, unitRounds ?? [], figure)]);
    return {
      peer,
      rounds: rounds.length,
      ...medians,
      isLoadTheLimit: medians.loadShare > medians.serverShare,
      ...Object.fromEntries(ratios),
    };
  });
}
