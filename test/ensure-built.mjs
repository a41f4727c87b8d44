import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Builds the libraries and applications unless what is built is newer than every source. */
export function ensureBuilt() {
  if (isBuilt()) return;
  console.log('Building what this suite runs: npm run build');
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('The build failed.');
}

function isBuilt() {
  const sources = ['libs', 'apps'].flatMap((area) => readdirSync(area).map((name) => join(area, name)));
  return sources.every((folder) => {
    const built = newest(join(folder, 'dist'));
    return built > 0 && built >= newest(join(folder, 'src'));
  });
}

/** Returns when the newest file below a folder was written, in milliseconds; 0 where there is none. */
function newest(folder) {
  if (!existsSync(folder)) return 0;
  const times = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  return Math.max(0, ...times);
}
