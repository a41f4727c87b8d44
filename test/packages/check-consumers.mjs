// Installs the packed libraries in applications outside the repository, compiles and runs them there.
// `check-consumers.mjs [NAME…]` takes some of the consumers. Needs a build and the npm registry.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAll } from './pack.mjs';

const HOME = 'test/consumers';
const SOURCE = 'source';

const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const all = readdirSync(HOME).filter((name) => name !== SOURCE);
const folder = mkdtempSync(join(tmpdir(), 'nestwire-consumers-'));
try {
  const packages = packAll(folder);
  for (const name of chosen.length ? chosen : all) {
    const isGood = tryOut(name, packages);
    console.log(`${isGood ? 'ok    ' : 'FAILED'}  ${name}`);
    if (!isGood) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}

function tryOut(name, packages) {
  const place = join(folder, name);
  cpSync(join(HOME, name), place, { recursive: true });
  cpSync(join(HOME, SOURCE), join(place, 'src'), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
  for (const { name: library, tarball } of packages) manifest.dependencies[library] = `file:${tarball}`;
  writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
  return ['npm install --no-audit --no-fund --loglevel=error', 'npm test'].every(
    (command) => spawnSync(command, { cwd: place, shell: true, stdio: 'inherit' }).status === 0,
  );
}
