// One of the longer suites: `node test/suite.mjs NAME [--quick] [jest options]`. It is `test/NAME/run.mjs`
// where there is one, else the specs below `test/NAME`. `--quick` asks for the short form (QUICK=1).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { ensureBuilt } from './ensure-built.mjs';
import { passesAlone } from './run-again.mjs';

const [name, ...rest] = process.argv.slice(2);
const isQuick = rest.includes('--quick');
const options = rest.filter((option) => option !== '--quick');
const ownRunner = `test/${name}/run.mjs`;

const asScript = [ownRunner, ...(isQuick ? ['--quick'] : []), ...options];
const specResults = `node_modules/.cache/nestwire/results/${name}.json`;
const asSpecs = (files, results) => [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  '--expose-gc',
  'node_modules/jest/bin/jest.js',
  '--runInBand',
  `--testMatch=<rootDir>/test/${name}/**/*.spec.ts`,
  '--testPathIgnorePatterns=/node_modules/',
  '--json',
  `--outputFile=${results}`,
  ...options,
  ...files,
];

ensureBuilt();
mkdirSync('node_modules/.cache/nestwire/results', { recursive: true });
if (isQuick) process.env.QUICK = '1';
rmSync(specResults, { force: true });
const hasRunner = existsSync(ownRunner);
const { status } = spawnSync(process.execPath, hasRunner ? asScript : asSpecs([], specResults), {
  stdio: 'inherit',
});
const isGood = status === 0 || (!hasRunner && passesAlone(specResults, asSpecs));
process.exitCode = isGood ? 0 : (status ?? 1);
