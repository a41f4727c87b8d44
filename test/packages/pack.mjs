import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Packs every library, as it would be published, into a folder. The libraries must be built. */
export function packAll(folder) {
  return readdirSync('libs').map((lib) => {
    const manifest = JSON.parse(readFileSync(join('libs', lib, 'package.json'), 'utf8'));
    const options = ['pack', `./libs/${lib}`, '--pack-destination', folder, '--json'];
    const [{ filename, files }] = JSON.parse(
      execFileSync('npm', options, { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' }),
    );
    const tarball = join(folder, filename);
    return { name: manifest.name, manifest, tarball, files: files.map(({ path }) => path) };
  });
}
