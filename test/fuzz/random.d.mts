/** Chooses at random; the same seed makes the same choices. */
export class Random {
  constructor(seed: number);
  /** Returns a whole number from 0 to below the limit. */
  below(limit: number): number;
  pick<T>(values: readonly T[]): T;
  /** Returns true once in so many times. */
  once(times: number): boolean;
  /** Returns one of the keys, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K;
}
