// `npm test`: every check, one after another, with a summary. It goes on after a failed check, so that one
// run tells everything; only a failed build ends it at once, because the rest stands on it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';

const RESULTS = 'node_modules/.cache/nestwire/results';
const SPECS = 'specs';

const CHECKS = [
  ['build', 'npm run --silent build'],
  ['types', 'npm run --silent typecheck'],
  ['lint and format', 'npm run --silent lint'],
  ['client size', 'node test/size/client-size.mjs'],
  [SPECS, `npm run --silent jest -- --json --outputFile=${RESULTS}/specs.json`],
  ['soak', 'node test/soak/run.mjs'],
  ['fuzz', 'node test/fuzz/run.mjs --quick'],
  ['amplification', 'node test/e2e/amplification/run.mjs --quick'],
  ['packages', 'node test/packages/check-packages.mjs'],
];

mkdirSync(RESULTS, { recursive: true });
const outcomes = [];
for (const [name, command] of CHECKS) {
  console.log(`\n── ${name}: ${command}\n`);
  const startedAt = Date.now();
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit' });
  outcomes.push({ name, isGood: status === 0, seconds: ((Date.now() - startedAt) / 1000).toFixed(1) });
  if (name === 'build' && status !== 0) break;
}

console.log('');
for (const { name, isGood, seconds } of outcomes)
  console.log(`${isGood ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)`);
const failed = outcomes.filter(({ isGood }) => !isGood);
process.exitCode = failed.length ? 1 : 0;

// The specs write their own counts, in the same form.
const others = outcomes.filter(({ name }) => name !== SPECS);
const numPassedTests = others.filter(({ isGood }) => isGood).length;
const counts = { numPassedTests, numFailedTests: others.length - numPassedTests };
writeFileSync(`${RESULTS}/checks.json`, JSON.stringify(counts));
