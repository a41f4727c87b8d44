// `npm test`: the checks, with a summary. Checks of one stage run at the same time. All checks run even if one fails;
// only a failed build ends the run after its stage, because the others need what it builds.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { passesAlone } from './run-again.mjs';

const RESULTS = 'node_modules/.cache/nestwire/results';
const SPEC_RESULTS = `${RESULTS}/specs.json`;
const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--json',
];
const SPECS = 'specs';
const BUILD = 'build';

const STAGES = [
  [[BUILD, 'npm run --silent build']],
  [
    [SPECS, `node ${JEST.join(' ')} --outputFile=${SPEC_RESULTS}`],
    // They use the time that the specs leave: a low priority keeps them from the clocks of the specs.
    ['format', 'npm run --silent lint:format'],
    ['lint', 'npm run --silent lint:code'],
    ['types', 'npm run --silent typecheck'],
    ['client size', 'node test/size/client-size.mjs'],
  ],
];

mkdirSync(RESULTS, { recursive: true });
rmSync(SPEC_RESULTS, { force: true });
const startedAt = Date.now();
const outcomes = [];
for (const stage of STAGES) {
  outcomes.push(...(await Promise.all(stage.map(run))));
  if (outcomes.some(({ name, isGood }) => name === BUILD && !isGood)) break;
}

const specs = outcomes.find(({ name, isGood }) => name === SPECS && !isGood);
if (specs)
  specs.isGood = passesAlone(SPEC_RESULTS, (files, results) => [
    ...JEST,
    '--runInBand',
    `--outputFile=${results}`,
    ...files,
  ]);

console.log('');
for (const { name, isGood, seconds } of outcomes)
  console.log(`${isGood ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)`);
console.log(`        all of it: ${secondsSince(startedAt)} s`);
const failed = outcomes.filter(({ isGood }) => !isGood);
process.exitCode = failed.length ? 1 : 0;

// The specs write their own counts, in the same form.
const others = outcomes.filter(({ name }) => name !== SPECS);
const numPassedTests = others.filter(({ isGood }) => isGood).length;
const counts = { numPassedTests, numFailedTests: others.length - numPassedTests };
writeFileSync(`${RESULTS}/checks.json`, JSON.stringify(counts));

/**
 * Runs a check. The output of the specs is shown at once, that of another check when it has ended.
 *
 * @param {readonly string[]} check its name and its command
 */
async function run([name, command]) {
  const beganAt = Date.now();
  const isShown = name === SPECS;
  const title = `\n── ${name}: ${command}\n`;
  if (isShown) console.log(title);
  const child = spawn(command, { shell: true, stdio: isShown ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
  if (!isShown && name !== BUILD && child.pid) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => output.push(data));
  const status = await new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', resolve);
  });
  if (!isShown) console.log(`${title}\n${Buffer.concat(output)}`);
  return { name, isGood: status === 0, seconds: secondsSince(beganAt) };
}

function secondsSince(beganAt) {
  return ((Date.now() - beganAt) / 1_000).toFixed(1);
}
