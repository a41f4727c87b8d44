// `npm run test:faults [-- --quick]`: the specs of this folder, then the scenarios and the negative controls; `--quick`
// runs some of each. Writes counts as the other suites do.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findRedis, missingRedis } from '../rig/redis-server.mjs';
import { CONTROLS, QUICK_CONTROLS } from './controls.mjs';
import { reportOf } from './report.mjs';
import { QUICK, SCENARIOS } from './scenarios.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RESULTS = `${ROOT}node_modules/.cache/nestwire/results/`;
const isQuick = process.argv.includes('--quick');
// The short form takes the same seed each time: no landing depends on luck.
const SEED = Number(process.env.FAULTS_SEED ?? (isQuick ? 1 : Date.now() % 1e6));
const options = process.argv.slice(2).filter((option) => option !== '--quick');

if (!existsSync(`${ROOT}libs/streams/dist/index.js`))
  throw new Error('The faults happen to what is built: run "npm run build" first.');
mkdirSync(RESULTS, { recursive: true });

const areSpecsGood = runSpecs();
// The short form decides landings, on machines that are busy at times.
const report = reportOf({ tries: isQuick ? 2 : 1 });
if (await findRedis()) {
  for (const id of isQuick ? QUICK : SCENARIOS.keys()) await report.add(SCENARIOS.get(id), SEED);
  for (const id of isQuick ? QUICK_CONTROLS : CONTROLS.keys()) await report.add(CONTROLS.get(id), SEED);
} else console.warn(missingRedis('The scenarios'));
const counts = { numPassedTests: report.passed, numFailedTests: report.failed };
writeFileSync(`${RESULTS}faults.json`, JSON.stringify(counts));
process.exitCode = areSpecsGood && report.failed === 0 ? 0 : 1;

function runSpecs() {
  const jest = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--runInBand',
    '--testMatch=<rootDir>/test/faults/**/*.spec.ts',
    '--testPathIgnorePatterns=/node_modules/',
    '--json',
    `--outputFile=${RESULTS}faults-specs.json`,
    ...options,
  ];
  return spawnSync(process.execPath, jest, { cwd: ROOT, stdio: 'inherit' }).status === 0;
}
