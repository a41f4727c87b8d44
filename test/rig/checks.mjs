import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const MAX_PROBLEMS_SHOWN = 20;

/** The checks of a suite: runs them, prints their results, and counts them. */
export class Checks {
  #passed = 0;
  #failed = 0;

  /** @param {{ tries?: number }} [options] `tries`: the runs of a check until one passes, 1 by default */
  constructor({ tries = 1 } = {}) {
    this.tries = tries;
  }

  get isGood() {
    return this.#failed === 0;
  }

  /**
   * Runs a check. A check that passes in a later run is reported as flaky.
   *
   * @param {string} name
   * @param {() => Promise<readonly string[]>} run returns the problems
   */
  async add(name, run) {
    for (let tried = 1; ; tried += 1) {
      const problems = await reported(name, run);
      const isLast = tried >= this.tries;
      if (problems.length > 0 && !isLast) {
        console.log(`══ FLAKY if the next run of "${name}" passes`);
        continue;
      }
      if (problems.length > 0) this.#failed += 1;
      else this.#passed += 1;
      return;
    }
  }

  /**
   * Writes the counts in the form that `.ci/run` reads.
   *
   * @param {string} file
   */
  write(file) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ numPassedTests: this.#passed, numFailedTests: this.#failed }));
  }
}

/**
 * @param {string} name
 * @param {() => Promise<readonly string[]>} run
 */
async function reported(name, run) {
  const startedAt = performance.now();
  const problems = await run().catch((error) => [String(error.stack)]);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(`${problems.length > 0 ? 'FAILED' : 'ok    '}  ${name} (${seconds} s)`);
  for (const problem of problems.slice(0, MAX_PROBLEMS_SHOWN)) console.log(`          ${problem}`);
  return problems;
}
