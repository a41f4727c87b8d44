/**
 * Returns numbers from 0 to 1 that a seed makes again.
 *
 * @param {number} seed
 * @returns {() => number}
 */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Returns one of so many, the first far more often than the last: by Zipf's law.
 *
 * @param {number} count
 * @param {() => number} random
 */
export function zipf(count, random) {
  const weights = Array.from({ length: count }, (_, at) => 1 / (at + 1));
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(
    0,
    weights.findIndex((weight) => (left -= weight) < 0),
  );
}
