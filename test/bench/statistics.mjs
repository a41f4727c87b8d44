const DRAWINGS = 1_000;

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
 * The ratio of the medians of a figure, and its spread: where nine of ten such ratios lie when the rounds are
 * drawn anew from those that were measured (a bootstrap).
 *
 * @param {readonly object[]} rounds
 * @param {readonly object[]} unitRounds of the same length, each measured beside its neighbour
 * @param {string} figure
 */
export function ratioOf(rounds, unitRounds, figure) {
  const [own, unit] = [rounds, unitRounds].map((some) => some.map((round) => round[figure]));
  const ratioAt = (indices) => median(indices.map((at) => own[at])) / median(indices.map((at) => unit[at]));
  const drawn = drawings(own.length).map(ratioAt);
  return { median: median(own) / median(unit), low: quantile(drawn, 0.05), high: quantile(drawn, 0.95) };
}

/** Lists of indices, drawn with replacement; the same for every call of a length. */
function drawings(length) {
  const next = randomNumbers();
  return Array.from({ length: DRAWINGS }, () => Array.from({ length }, () => Math.floor(next() * length)));
}

/** A linear congruential generator: a table does not change when it is written again. */
function randomNumbers() {
  let state = 1;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}
