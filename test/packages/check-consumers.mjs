// Installs the packed libraries in applications outside the repository, compiles them there and runs them on
// each supported version of Node. `check-consumers.mjs [NAME…]` takes some of the consumers. Needs a build and
// the npm registry; uses a Redis and a Chromium where there are some.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from '../rig/find-chromium.mjs';
import { findRedis, missingRedis, startRedis } from '../rig/redis-server.mjs';
import { installNodes } from './node-versions.mjs';
import { packAll } from './pack.mjs';

const HOME = 'test/consumers';
const SOURCE = 'source';

const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const all = readdirSync(HOME).filter((name) => name !== SOURCE);
const folder = mkdtempSync(join(tmpdir(), 'nestwire-consumers-'));
const redis = (await findRedis()) ? await startRedis() : undefined;
if (!redis) console.warn(missingRedis('A test of each consumer'));
const chromium = findChromium();
try {
  const packages = packAll(folder);
  const nodes = installNodes(folder);
  for (const name of chosen.length ? chosen : all) tryOut(name, packages, nodes);
} finally {
  await redis?.stop();
  rmSync(folder, { recursive: true });
}

function tryOut(name, packages, nodes) {
  const place = join(folder, name);
  cpSync(join(HOME, name), place, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
  // The common source has decorated messages.
  if (manifest.dependencies['class-validator'])
    cpSync(join(HOME, SOURCE), join(place, 'src'), { recursive: true });
  const { libraries = packages.map(({ name: library }) => library) } = manifest;
  for (const { name: library, tarball } of packages)
    if (libraries.includes(library)) manifest.dependencies[library] = `file:${tarball}`;
  writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
  const isBuilt = ['npm install --no-audit --no-fund --loglevel=error', 'npm run --silent build'].every(
    (command) => run(command, place, process.env),
  );
  report(`${name} is installed and compiled`, isBuilt);
  if (!isBuilt) return;
  for (const node of nodes) report(`${name} on ${node.name}`, run('npm test', place, node.env));
}

function run(command, cwd, env) {
  const whole = {
    ...env,
    ...(redis && { REDIS_URL: redis.url }),
    ...(chromium && { CHROMIUM_BIN: chromium }),
  };
  return spawnSync(command, { cwd, shell: true, stdio: 'inherit', env: whole }).status === 0;
}

function report(what, isGood) {
  console.log(`${isGood ? 'ok    ' : 'FAILED'}  ${what}`);
  if (!isGood) process.exitCode = 1;
}
