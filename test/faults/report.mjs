import { writeFileSync } from 'node:fs';
import { runScenario } from './run-scenario.mjs';

/** The text of a figure in a row, by its name; a missing figure or zero is left out. */
const FIGURES = {
  acked: (count) => `${count} posts acked`,
  failed: (count) => count && `${count} refused`,
  uncertain: (count) => count && `${count} uncertain`,
  lost: (count) => count && `${count} acked and lost, reported`,
  received: (count) => `${count} received`,
  gaps: (gaps) =>
    Object.entries(gaps)
      .map(([reason, count]) => `${count} gaps ${reason}`)
      .join(', '),
  works: (count) => `${count} messages handled by durable consumers`,
  worksAgain: (count) => count && `${count} of them again`,
  workGaps: (gaps) =>
    Object.entries(gaps)
      .map(([reason, count]) => `${count} gaps ${reason} of durable consumers`)
      .join(', '),
  ackPauseMs: (ms) => `longest time without an ack ${ms} ms`,
  slowestPostMs: (ms) => `slowest post ${ms} ms`,
  caughtUpMs: (ms) => ms && `caught up ${ms} ms after the heal`,
  interruptionMs: ({ median, longest }) => `clients away for ${median} ms (median), ${longest} ms at most`,
  peakConnectsPerS: (peak) => peak && `${peak} connects a second at most`,
  ordersDone: (count) => count && `${count} orders done`,
  rssGrowthMb: (mb) => `servers grew by ${mb} MiB at most`,
};

const HEAD = ['| | fault | seed | figures | verdict |', '|---|---|---|---|---|'];

/**
 * Runs scenarios one after the other, says how each went, and keeps a table of them in a file if there is one.
 *
 * @param {{ file?: string, tries?: number }} [options] `tries`: the runs of a scenario until one holds, 1 by default
 */
export function reportOf({ file, tries = 1 } = {}) {
  const rows = [];
  const report = {
    passed: 0,
    failed: 0,
    async add(scenario, seed) {
      let run = await judged(scenario, seed);
      for (let tried = 1; tried < tries && run.problems.length > 0; tried += 1) {
        console.log(`══ FLAKY if the next run of ${scenario.id} holds`);
        run = await judged(scenario, seed);
      }
      const { problems } = run;
      report[problems.length > 0 ? 'failed' : 'passed']++;
      rows.push(rowOf(scenario, seed, { ...run, problems }));
      if (file) writeFileSync(file, `${[...HEAD, ...rows].join('\n')}\n`);
    },
  };
  return report;
}

async function judged(scenario, seed) {
  const startedAt = performance.now();
  const run = await runScenario(scenario, { seed }).catch((error) => ({
    problems: [String(error.stack)],
  }));
  const problems = scenario.isControl ? unseen(scenario, run) : run.problems;
  say(scenario, seed, { ...run, problems, ms: performance.now() - startedAt });
  return { ...run, problems };
}

/** @typedef {{ problems: string[], result?: any, directory?: string, ms?: number }} Run */

/**
 * A control is good when the checker sees what is broken, and by the invariant that it breaks.
 *
 * @param {{ breaks: readonly string[] }} control
 * @param {Run} run
 */
function unseen({ breaks }, { problems, result }) {
  if (!result) return problems;
  const broken = new Set(result.violations.map(({ invariant }) => invariant));
  return breaks.some((invariant) => broken.has(invariant))
    ? []
    : [`the checker did not see it: ${result.verdict}, violated ${[...broken].join(' ') || 'nothing'}`];
}

/**
 * @param {{ id: string, what: string }} scenario
 * @param {number} seed
 * @param {Run} run
 */
function say({ id, what }, seed, { problems, result, directory, ms = 0 }) {
  const word = problems.length > 0 ? 'FAILED' : 'ok    ';
  console.log(`${word}  ${id} ${what} (seed ${seed}, ${(ms / 1_000).toFixed(1)} s)`);
  console.log(`          ${result?.verdict} ${JSON.stringify(result?.figures)}`);
  for (const problem of problems) console.log(problem.replaceAll(/^/gm, '          '));
  if (problems.length > 0 && directory) console.log(`          ${directory}`);
}

/**
 * @param {{ id: string, what: string, isControl?: boolean }} scenario
 * @param {number} seed
 * @param {Run} run
 */
function rowOf({ id, what, isControl }, seed, { problems, result }) {
  const figures = { ...result?.figures, lost: result?.lostAcks.length };
  const said = Object.entries(FIGURES).flatMap(([name, tell]) =>
    figures[name] === undefined ? [] : [tell(figures[name])],
  );
  const verdict = isControl && problems.length === 0 ? `seen: ${invariantsOf(result)}` : result?.verdict;
  const word = problems.length > 0 ? `**failed**: ${problems[0].split('\n')[0].slice(0, 120)}` : verdict;
  return `| ${id} | ${what} | ${seed} | ${said.filter(Boolean).join('; ')} | ${word} |`;
}

function invariantsOf({ violations }) {
  return [...new Set(violations.map(({ invariant }) => invariant))].toSorted().join(' ');
}
