// Packs every library and asks publint and attw whether others can use the tarball. Needs a build.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAll } from './pack.mjs';

const STRAY = /\.spec\.|\.tsbuildinfo$|^src\//;

const folder = mkdtempSync(join(tmpdir(), 'nestwire-packages-'));
try {
  for (const { name, tarball, files } of packAll(folder)) {
    const strays = files.filter((path) => STRAY.test(path));
    const problems = [
      ...strays.map((path) => `holds ${path}`),
      ...(files.includes('dist/index.js') ? [] : ['holds no dist/index.js']),
      ...complaintsOf('publint', ['run', tarball, '--strict']),
      ...complaintsOf('attw', [tarball, '--profile', 'esm-only', '--no-emoji']),
    ];
    console.log(`${problems.length ? 'FAILED' : 'ok    '}  ${name} (${files.length} files)`);
    for (const problem of problems) console.log(problem);
    if (problems.length) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}

function complaintsOf(tool, options) {
  const { status, stdout, stderr } = spawnSync(join('node_modules/.bin', tool), options, {
    encoding: 'utf8',
  });
  return status === 0 ? [] : [`${tool}:\n${stdout}${stderr}`];
}
