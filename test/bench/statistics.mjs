/**
 * Returns the value that a share of all does not exceed, between two values where it falls there.
 *
 * @param {readonly number[]} values
 * @param {number} share 0 to 1
 */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at % 1);
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/**
 * The ratio of the medians of a figure; its spread is the quartiles of the ratios round by round.
 *
 * @param {readonly object[]} rounds
 * @param {readonly object[]} unitRounds of the same length, each measured beside its neighbour
 * @param {string} figure
 */
export function ratioOf(rounds, unitRounds, figure) {
  const ratios = rounds.map((round, index) => round[figure] / unitRounds[index][figure]);
  const medianOf = (some) => median(some.map((round) => round[figure]));
  return {
    median: medianOf(rounds) / medianOf(unitRounds),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75),
  };
}
