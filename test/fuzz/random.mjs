import { randomFrom } from '../faults/random.mjs';

/** Chooses at random; the same seed makes the same choices. */
export class Random {
  #next;

  /** @param {number} seed */
  constructor(seed) {
    this.#next = randomFrom(seed);
  }

  /**
   * Returns a whole number from 0 to below the limit.
   *
   * @param {number} limit
   */
  below(limit) {
    return Math.floor(this.#next() * limit);
  }

  /**
   * @template T
   * @param {readonly T[]} values
   * @returns {T}
   */
  pick(values) {
    return values[this.below(values.length)];
  }

  /**
   * Returns true once in so many times.
   *
   * @param {number} times
   */
  once(times) {
    return this.below(times) === 0;
  }

  /**
   * Returns one of the keys, each as often as its weight says.
   *
   * @param {Record<string, number>} weights
   * @template {string} K
   * @param {Readonly<Record<K, number>>} weights
   * @returns {K}
   */
  weighted(weights) {
    const keys = /** @type {K[]} */ (Object.keys(weights));
    const total = keys.reduce((sum, key) => sum + weights[key], 0);
    let left = this.below(total);
    return /** @type {K} */ (keys.find((key) => (left -= weights[key]) < 0));
  }
}
