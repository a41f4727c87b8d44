// Runs the spec files that failed once more, alone. A spec that measures time or memory can fail beside other work.
// A file that passes alone is reported as flaky, so that the weakness of the test stays visible.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** More failed files than this are not the effect of a busy machine. */
const MOST_FILES = 3;
const TITLE = '══ FLAKY';

/**
 * Runs the failed spec files of a run again and updates its results.
 *
 * @param {string} results the file that jest wrote with `--outputFile`
 * @param {(files: readonly string[], results: string) => readonly string[]} argumentsOf the arguments of `node` for these files
 * @param {string} [node] the program that ran them
 * @returns {boolean} whether all of them passed
 */
export function passesAlone(results, argumentsOf, node = process.execPath) {
  if (!existsSync(results)) return false;
  const first = JSON.parse(readFileSync(results, 'utf8'));
  const files = first.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
  if (files.length === 0 || files.length > MOST_FILES) return false;

  console.log(`\n── again, alone: ${files.join(' ')}\n`);
  const again = `${results}.again`;
  const { status } = spawnSync(node, argumentsOf(files, again), { stdio: 'inherit' });
  if (status !== 0) return false;

  for (const { name, message } of first.testResults.filter(({ status }) => status === 'failed'))
    console.log(
      `\n${TITLE}: ${name} failed beside other work and passed alone. Its first failure:\n${message}`,
    );
  const numPassedTests = first.numPassedTests + first.numFailedTests;
  writeFileSync(
    results,
    JSON.stringify({
      ...first,
      numPassedTests,
      numFailedTests: 0,
      numRuntimeErrorTestSuites: 0,
      flaky: files,
    }),
  );
  return true;
}
