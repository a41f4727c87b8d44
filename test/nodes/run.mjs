// The e2e suite on the supported versions of Node other than the one that runs this. `--quick` changes nothing: the
// suite has one form. Needs the npm registry.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installNodes } from '../packages/node-versions.mjs';
import { passesAlone } from '../run-again.mjs';

const RESULTS = 'node_modules/.cache/nestwire/results';

const folder = mkdtempSync(join(tmpdir(), 'nestwire-nodes-'));
mkdirSync(RESULTS, { recursive: true });
try {
  for (const node of installNodes(folder).filter(({ env }) => env !== process.env)) runSuite(node);
} finally {
  rmSync(folder, { recursive: true });
}

function runSuite({ name, env, binary }) {
  const results = `${RESULTS}/${name.toLowerCase().replace(' ', '-')}.json`;
  rmSync(results, { force: true });
  const argv = (files, outputFile, ...options) => [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${outputFile}`,
    ...options,
    ...files,
  ];
  console.log(`\n── the e2e suite on ${name}\n`);
  const { status } = spawnSync(binary, argv(['test/e2e/'], results), { stdio: 'inherit', env });
  const isGood =
    status === 0 || passesAlone(results, (files, again) => argv(files, again, '--runInBand'), binary);
  console.log(`${isGood ? 'ok    ' : 'FAILED'}  the e2e suite on ${name}`);
  if (!isGood) process.exitCode = 1;
}
