// `npm run test:amplification [-- --quick]`: measures what one hostile client within all limits costs the
// server and an honest client beside it, for every kind of frame and every error code. Runs against the built
// libraries; AMPLIFICATION_ROOT names another checkout whose build is measured instead, without a verdict.
// Beside the listed attacks it makes shapes from a seed, which it prints; FUZZ_SEED names one.
import { randomInt } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Child } from '../../rig/child.mjs';
import { ask } from '../../rig/nemesis.mjs';
import { findRedis, missingRedis, startRedis } from '../../rig/redis-server.mjs';
import { ATTACKS, attacksOf, RETAINED, SERVER_CODES } from './attacks.mjs';
import { Timeline } from './timeline.mjs';
import { ANSWER_BYTES, excessOf, problemsOf, problemsOfRetained } from './verdict.mjs';
import { percentile, Witness } from './witness.mjs';
import { Yardstick } from './yardstick.mjs';
import { required } from '../../rig/required.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const OWN_ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const RESULTS = join(OWN_ROOT, 'node_modules/.cache/nestwire/results');
const ROOT = process.env.AMPLIFICATION_ROOT ?? OWN_ROOT;
const isOther = ROOT !== OWN_ROOT;
const isQuick = process.argv.includes('--quick');
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);
const SHORT = { attackMs: 500, calmMs: 200, warmMs: 300 };
const LONG = { attackMs: 4_000, calmMs: 1_500, warmMs: 1_500 };
const PERIODS = isQuick ? SHORT : LONG;
const GENERATED = isQuick ? 6 : 24;
const SAMPLE_MS = 200;
const HELD_CONNECTIONS = 10;
const ATTEMPTS = 3;
/** The latest answers of the twin that count as undisturbed: some seconds of them. */
const CALM_ANSWERS = 1_000;
const UNLIMITED = 1e9;

if (!existsSync(join(ROOT, 'libs/streams/dist/index.js')))
  throw new Error('The suite measures what is built: run "npm run build" first.');

const seed = seedOf();
const rows = [];
const failures = [];
const seenCodes = new Set();
const redis = (await findRedis()) ? await startRedis() : undefined;
if (!redis) console.warn(missingRedis('The part of Redis in the amplification'));
const attacker = new Child(new URL('attacker-process.mjs', import.meta.url));
const yardstick = await Yardstick.start();

try {
  await withServer({}, async (server) => {
    for (const attack of [...chosen(ATTACKS), ...generated()]) await judge(server, attack);
    for (const attack of isQuick ? RETAINED.slice(0, 1) : chosen(RETAINED))
      await judgeRetained(server, attack);
  });
  if (!only && !isOther) await controls();
} finally {
  await Promise.all([attacker.stop(), yardstick.stop()]);
  await redis?.stop();
}
if (!isQuick && !only && !isOther) {
  const missing = SERVER_CODES.filter((code) => !seenCodes.has(code));
  if (missing.length) failures.push(`no attack brought the codes ${missing.join(', ')}`);
}
console.log(tableOf(rows));
for (const failure of failures) console.log(`FAILED  ${failure}`);
mkdirSync(RESULTS, { recursive: true });
const counts = { numPassedTests: rows.length, numFailedTests: failures.length, rows };
if (!isOther) writeFileSync(join(RESULTS, 'amplification.json'), JSON.stringify(counts));
process.exitCode = failures.length && !isOther ? 1 : 0;

function chosen(attacks) {
  if (only) return attacks.filter(({ name }) => name.includes(only));
  return isQuick ? attacks.filter((attack) => attack.isQuick) : attacks;
}

/** Returns the seed of the generated shapes: the short form takes the same ones each time. */
function seedOf() {
  const { FUZZ_SEED } = process.env;
  const chosenSeed = FUZZ_SEED ? Number(FUZZ_SEED) : isQuick ? 1 : randomInt(2 ** 31);
  if (!Number.isSafeInteger(chosenSeed))
    throw new Error(`FUZZ_SEED=${FUZZ_SEED} is no whole number: give one.`);
  console.log(`amplification: FUZZ_SEED=${chosenSeed}`);
  return chosenSeed;
}

function generated() {
  return attacksOf(seed, GENERATED).filter(({ name }) => !only || name.includes(only));
}

/**
 * Runs a function against a server of its own.
 *
 * @param {{ limits?: object, sabotage?: string }} setup
 * @param {(server: any) => Promise<void>} run
 */
async function withServer({ limits = {}, sabotage }, run) {
  const child = new Child(serverFile(), ['--expose-gc']);
  // Nobody attacks the twin: a busy machine delays the answers of both.
  const twin = new Child(serverFile());
  try {
    // Another build may not know the limit.
    const known = isOther ? limits : { answerBytes: ANSWER_BYTES, ...limits };
    const setup = { redis: redis?.url, limits: known, sabotage };
    const [{ port }, calm] = await Promise.all([child.ask('start', setup), twin.ask('start', setup)]);
    const [witness, calmWitness] = await Promise.all([port, calm.port].map((each) => Witness.connect(each)));
    // The first messages of a process are slow: nothing is compiled yet.
    const [, calmAnswers] = await Promise.all(
      [witness, calmWitness].map((each) => each.watch(2 * PERIODS.calmMs)),
    );
    await run({ child, port, witness, calmWitness, calmAnswers });
    witness.close();
    calmWitness.close();
  } finally {
    await Promise.all([child.stop(), twin.stop()]);
  }
}

/** Returns the file of the server: it resolves the packages of the checkout that it lies in. */
function serverFile() {
  if (!isOther) return new URL('server-process.mjs', import.meta.url);
  const copy = join(ROOT, 'node_modules/.cache/nestwire/amplification/test');
  cpSync(HERE, join(copy, 'e2e/amplification'), { recursive: true });
  for (const file of ['child.mjs', 'decorate.mjs'])
    cpSync(join(HERE, '../../rig', file), join(copy, 'rig', file));
  return pathToFileURL(join(copy, 'e2e/amplification/server-process.mjs'));
}

/**
 * Measures an attack and judges it.
 *
 * An attack that exceeds a bound is measured again over the long periods: a busy machine does not exceed it every
 * time, and the p99 of half a second is one answer.
 */
async function judge(server, attack) {
  let problems = [];
  let measured;
  for (let attempt = 0; attempt < (isOther ? 1 : ATTEMPTS); attempt++) {
    measured = await measure(server, attack, attempt ? LONG : PERIODS);
    problems = problemsOf(measured);
    if (!problems.length) break;
  }
  rows.push(rowOf(measured, problems));
  for (const problem of problems) failures.push(`${attack.name}: ${problem}`);
}

/**
 * @param {any} server
 * @param {{ name: string, oneAnswerBytes?: number }} attack
 * @param {typeof LONG} periods
 */
async function measure({ child, port, witness, calmWitness, calmAnswers }, attack, periods) {
  const { name, oneAnswerBytes } = attack;
  const { attackMs, calmMs, warmMs } = periods;
  const calm = await sample(child);
  await Promise.all([witness, calmWitness].map((each) => each.watch(calmMs)));
  const calmUsed = usedBetween(calm, await sample(child));

  const timeline = new Timeline(() => sample(child), /** @type {any} */ (calmUsed));
  const before = await timeline.begin();
  const startedAt = performance.now();
  const forMs = warmMs + attackMs;
  const flooded = attacker.ask('flood', { name, port, forMs, seed, generated: GENERATED });
  const watched = Promise.all([witness, calmWitness].map((each) => each.watch(forMs)));
  // Bursts are allowed to cost more: the bounds are on what lasts.
  const warm = await timeline.follow(warmMs, SAMPLE_MS);
  yardstick.begin();
  const end = await timeline.follow(attackMs, SAMPLE_MS);
  const slowdown = yardstick.factor;
  const [flood, [answers, twinAnswers]] = [await flooded, await watched];
  const lasting = usedBetween(warm, end);
  const whole = usedBetween(before, await sample(child));
  for (const code of Object.keys(flood.codes)) seenCodes.add(code);
  const rest = (used, kind) => Math.max(0, used[kind] - (calmUsed[kind] / calmUsed.forMs) * used.forMs);
  const lastingOf = (samples) =>
    samples.filter(({ sentAt }) => sentAt - startedAt > warmMs).map(({ ms }) => ms);
  const lastingAnswers = lastingOf(answers);
  calmAnswers.push(...twinAnswers);
  calmAnswers.splice(0, calmAnswers.length - CALM_ANSWERS);
  const calmP99 = [lastingOf(twinAnswers), calmAnswers.map(({ ms }) => ms)].map((all) =>
    percentile(all, 0.99),
  );
  return {
    name,
    forMs: lasting.forMs,
    connections: 1 + Object.values(flood.closeCodes).reduce((sum, count) => sum + count, 0),
    // As on a machine that is not busy.
    cpuMs: rest(lasting, 'cpuMs') / slowdown,
    slowdown,
    sent: flood.written,
    answers: flood.read,
    log: whole.logBytes,
    redis: Math.round(rest(whole, 'redisBytes')),
    p50: percentile(lastingAnswers, 0.5),
    p99: percentile(lastingAnswers, 0.99),
    calmP99: Math.max(...calmP99),
    underWayMs: Math.max(...answers.map(({ ms }) => ms)),
    codes: flood.codes,
    closeCodes: flood.closeCodes,
    oneAnswerBytes,
    samples: timeline.beside(flood.samples),
  };
}

/** Returns what is written down of a measurement. */
function rowOf(measured, problems) {
  const { samples, ...row } = measured;
  return { ...row, errors: samples.at(-1).errors, excess: excessOf(measured), problems };
}

/** Returns what the server has used up to now; the times are of the server, so that a stall is in them. */
async function sample(child) {
  const [used, toRedis] = await Promise.all([child.ask('used'), redisBytes(), yardstick.take()]);
  return { ...used, redisBytes: toRedis };
}

function usedBetween(before, after) {
  return Object.fromEntries(
    [
      ['forMs', 'now'],
      ['cpuMs', 'cpuMs'],
      ['logBytes', 'logBytes'],
      ['redisBytes', 'redisBytes'],
    ].map(([name, key]) => [name, after[key] - before[key]]),
  );
}

async function redisBytes() {
  if (!redis) return 0;
  return Number(/total_net_input_bytes:(\d+)/.exec(await ask(redis, 'INFO', 'stats'))?.[1]);
}

async function judgeRetained({ child, port }, { name }) {
  await attacker.ask('hold', { name, port, connections: HELD_CONNECTIONS });
  const before = await child.ask('retained');
  const { written, alive } = await attacker.ask('load', { name });
  const after = await child.ask('retained');
  await attacker.ask('release');
  const perConnection = {
    retained: Math.max(0, after.bytes - before.bytes) / HELD_CONNECTIONS,
    written: written / HELD_CONNECTIONS,
  };
  const problems = problemsOfRetained(perConnection);
  if (alive < HELD_CONNECTIONS) problems.push(`${HELD_CONNECTIONS - alive} connections were closed`);
  rows.push({ name, ...perConnection, problems });
  for (const problem of problems) failures.push(`${name}: ${problem}`);
}

/** Negative controls: without a protection, its attack has to be judged as too much. */
async function controls() {
  await control('invalid: slow check', ['cpu', 'witness'], { limits: { frameWorkMsPerSecond: UNLIMITED } });
  await control('invalid: 30 fields', ['errors'], { sabotage: 'unpaid errors' });
  if (isQuick) return;
  await control('open and close with 100 channels', ['answers'], { limits: { answerBytes: UNLIMITED } });
}

async function control(name, kinds, setup) {
  await withServer(setup, async (server) => {
    const attack = required(
      ATTACKS.find((candidate) => candidate.name === name),
      `attack ${name}`,
    );
    let measured;
    let isSeen = false;
    for (let attempt = 0; attempt < ATTEMPTS && !isSeen; attempt++) {
      measured = await measure(server, attack, attempt ? LONG : PERIODS);
      const problems = problemsOf(measured);
      isSeen = problems.some((problem) => kinds.some((kind) => problem.startsWith(kind)));
    }
    rows.push(rowOf({ ...measured, name: `control: ${name}` }, isSeen ? [] : ['not seen']));
    if (!isSeen)
      failures.push(`${JSON.stringify(setup)}: "${name}" was not seen to exceed ${kinds.join(' or ')}`);
  });
}

function tableOf(all) {
  const titles = [
    'attack',
    'CPU %',
    'busy',
    'ms/KiB',
    'sent',
    'answers',
    'errors',
    'log',
    'redis',
    'excess',
    'p50',
    'p99',
    'calm p99',
    '',
  ];
  const cells = all.map((row) => {
    const verdict = row.problems.length ? 'FAILED' : 'ok';
    if (row.retained !== undefined) {
      const factor = (row.retained / row.written).toFixed(1);
      const kept = `kept ${Math.round(row.retained)}`;
      return [
        row.name,
        '',
        '',
        '',
        Math.round(row.written),
        kept,
        `×${factor}`,
        ...Array(6).fill(''),
        verdict,
      ];
    }
    const {
      cpuMs,
      slowdown,
      forMs,
      sent,
      answers,
      errors,
      log,
      redis: toRedis,
      p50,
      p99,
      calmP99,
      excess,
    } = row;
    return [
      row.name,
      ((cpuMs / forMs) * 100).toFixed(1),
      `×${slowdown.toFixed(1)}`,
      ((cpuMs / Math.max(1, sent)) * 1_024).toFixed(2),
      sent,
      `×${(answers / Math.max(1, sent)).toFixed(1)}`,
      `×${(errors / Math.max(1, sent)).toFixed(1)}`,
      `×${(log / Math.max(1, sent)).toFixed(1)}`,
      `×${(toRedis / Math.max(1, sent)).toFixed(1)}`,
      Object.values(excess).map(Math.round).join('/'),
      ...[p50, p99, calmP99].map((ms) => ms.toFixed(1)),
      verdict,
    ];
  });
  const lines = [titles, ...cells].map((line) => line.map(String));
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column])).join('  ')).join('\n');
}
