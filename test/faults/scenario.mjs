// Runs scenarios: `node test/faults/scenario.mjs R1 S3 [--runs 20] [--seed 7] [--report FILE]`; `all` of them, `quick`
// for those of the short form, `controls` for the negative controls, or `nemesis --minutes 30` for faults at random.
// A log of each run stays below node_modules/.cache/nestwire/faults. Runs against the built libraries.
import { parseArgs } from 'node:util';
import { CONTROLS } from './controls.mjs';
import { randomNemesis } from './random-nemesis.mjs';
import { reportOf } from './report.mjs';
import { QUICK, SCENARIOS } from './scenarios.mjs';

const GROUPS = { all: [...SCENARIOS.keys()], quick: QUICK, controls: [...CONTROLS.keys()] };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    minutes: { type: 'string', default: '30' },
    report: { type: 'string' },
  },
});
const firstSeed = Number(values.seed);
const report = reportOf({ file: values.report });

for (const id of positionals.flatMap((name) => GROUPS[name] ?? [name])) {
  for (let run = 0; run < Number(values.runs); run++)
    await report.add(scenarioOf(id, firstSeed + run), firstSeed + run);
}
process.exitCode = report.failed > 0 ? 1 : 0;

function scenarioOf(id, seed) {
  if (id === 'nemesis') return randomNemesis({ seed, minutes: Number(values.minutes) });
  const scenario = SCENARIOS.get(id) ?? CONTROLS.get(id);
  if (scenario) return scenario;
  throw new Error(`There is no scenario ${id}: ${[...SCENARIOS.keys(), ...CONTROLS.keys()].join(' ')}`);
}
