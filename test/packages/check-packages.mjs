// Packs every library, checks the files of the tarball, and asks publint and attw whether others can use it.
// Needs a build.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packProblems } from './pack-problems.mjs';
import { packAll } from './pack.mjs';

const folder = mkdtempSync(join(tmpdir(), 'nestwire-packages-'));
try {
  for (const { name, tarball, files, manifest } of packAll(folder)) {
    const home = manifest.repository.directory;
    const problems = [
      ...packProblems({ files, manifest }, (path) => readFileSync(join(home, path), 'utf8')),
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
