// The packed libraries: what they hold, applications that install them, and the quick start followed as it is
// printed. Each part is a program of its own. Needs a build and the npm registry.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';

const RESULTS = 'node_modules/.cache/nestwire/results';
const PARTS = ['check-packages', 'check-consumers', 'check-scaffolds'];

const failed = PARTS.filter((part) => {
  console.log(`\n── ${part}\n`);
  return spawnSync(process.execPath, [`test/packages/${part}.mjs`], { stdio: 'inherit' }).status !== 0;
});
for (const part of PARTS) console.log(`${failed.includes(part) ? 'FAILED' : 'ok    '}  ${part}`);

mkdirSync(RESULTS, { recursive: true });
const counts = { numPassedTests: PARTS.length - failed.length, numFailedTests: failed.length };
writeFileSync(`${RESULTS}/packages.json`, JSON.stringify(counts));
process.exitCode = failed.length ? 1 : 0;
