import { randomFrom } from '../faults/random.mjs';

/** Chooses at random; the same seed makes the same choices. */
export class Random {
  #next;

  /** @param {number} seed */
  constructor(seed) {
    this.#next = randomFrom(seed);
  }

  /** Returns a whole number from 0 to below the limit. */
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

  /** Returns true once in so many times. */
  once(times) {
    return this.below(times) === 0;
  }

  /**
   * Returns one of the keys, each as often as its weight says.
   *
   * @param {Record<string, number>} weights
   */
  weighted(weights) {
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    let left = this.below(total);
    return Object.keys(weights).find((key) => (left -= weights[key]) < 0);
  }
}
