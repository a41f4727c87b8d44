import { randomInt } from 'node:crypto';

const FIXED = 1;

/**
 * Returns the seed that a random test begins with, and prints it.
 *
 * `FUZZ_SEED` names one. The long form, with `FUZZ_RUNS`, draws a new one. Otherwise it is the same each time,
 * so that no landing depends on luck.
 */
export function seedOf(test: string): number {
  const { FUZZ_SEED, FUZZ_RUNS } = process.env;
  const seed = FUZZ_SEED ? Number(FUZZ_SEED) : FUZZ_RUNS ? randomInt(2 ** 31) : FIXED;
  if (!Number.isSafeInteger(seed)) throw new Error(`FUZZ_SEED=${FUZZ_SEED} is no whole number: give one.`);
  process.stdout.write(`${test}: FUZZ_SEED=${seed}\n`);
  return seed;
}
