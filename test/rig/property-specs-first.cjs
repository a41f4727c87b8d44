const { readFileSync } = require('node:fs');
const { default: Sequencer } = require('@jest/test-sequencer');

/** The environment variable that specs with many repetitions read. */
const RUNS = 'FUZZ_RUNS';

/**
 * Puts the specs that repeat a property first.
 *
 * They take longest, and jest, which without a cache goes by the size of a file, would run some of them last:
 * alone, while the other workers have nothing left to do.
 */
module.exports = class PropertySpecsFirst extends Sequencer {
  sort(tests) {
    const isLong = new Map(tests.map((test) => [test, readFileSync(test.path, 'utf8').includes(RUNS)]));
    const sorted = /** @type {typeof tests} */ (super.sort(tests));
    return sorted.toSorted((a, b) => Number(isLong.get(b)) - Number(isLong.get(a)));
  }
};
