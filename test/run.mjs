// `npm test`: the checks, with a summary. Those of one stage run beside each other: they read the sources alone,
// or what an earlier stage has built. It goes on after a failed check, so that one run tells everything; only a
// failed build ends it after its stage, because the rest stands on it.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';

const RESULTS = 'node_modules/.cache/nestwire/results';
const SPECS = 'specs';

const STAGES = [
  [
    ['build', 'npm run --silent build'],
    ['format', 'npm run --silent lint:format'],
  ],
  [
    ['lint', 'npm run --silent lint:code'],
    ['types', 'npm run --silent typecheck'],
    ['client size', 'node test/size/client-size.mjs'],
  ],
  // The last and alone: what they say is shown at once, and they use every core.
  [[SPECS, `npm run --silent jest -- --json --outputFile=${RESULTS}/specs.json`]],
];

mkdirSync(RESULTS, { recursive: true });
const startedAt = Date.now();
const outcomes = [];
for (const stage of STAGES) {
  outcomes.push(...(await Promise.all(stage.map((check) => run(check, stage.length === 1)))));
  if (outcomes.some(({ name, isGood }) => name === 'build' && !isGood)) break;
}

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
 * Runs a check; one that is not alone is shown when it has ended, as a whole.
 *
 * @param {readonly string[]} check its name and its command
 * @param {boolean} isAlone
 */
async function run([name, command], isAlone) {
  const beganAt = Date.now();
  const title = `\n── ${name}: ${command}\n`;
  if (isAlone) console.log(title);
  const child = spawn(command, { shell: true, stdio: isAlone ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => output.push(data));
  const status = await new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', resolve);
  });
  if (!isAlone) console.log(`${title}\n${Buffer.concat(output)}`);
  return { name, isGood: status === 0, seconds: secondsSince(beganAt) };
}

function secondsSince(beganAt) {
  return ((Date.now() - beganAt) / 1_000).toFixed(1);
}
