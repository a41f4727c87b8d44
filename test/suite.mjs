// One of the longer suites: `node test/suite.mjs NAME [--quick] [jest options]`. It is `test/NAME/run.mjs`
// where there is one, else the specs below `test/NAME`. `--quick` asks for the short form (QUICK=1).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { ensureBuilt } from './ensure-built.mjs';

const [name, ...rest] = process.argv.slice(2);
const isQuick = rest.includes('--quick');
const options = rest.filter((option) => option !== '--quick');
const ownRunner = `test/${name}/run.mjs`;

const asScript = [ownRunner, ...(isQuick ? ['--quick'] : []), ...options];
const asSpecs = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  '--expose-gc',
  'node_modules/jest/bin/jest.js',
  '--runInBand',
  `--testMatch=<rootDir>/test/${name}/**/*.spec.ts`,
  '--testPathIgnorePatterns=/node_modules/',
  '--json',
  `--outputFile=node_modules/.cache/nestwire/results/${name}.json`,
  ...options,
];

ensureBuilt();
mkdirSync('node_modules/.cache/nestwire/results', { recursive: true });
const { status } = spawnSync(process.execPath, existsSync(ownRunner) ? asScript : asSpecs, {
  stdio: 'inherit',
  env: { ...process.env, ...(isQuick && { QUICK: '1' }) },
});
process.exitCode = status ?? 1;
