import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The major versions of Node that the packages run on. */
const MAJORS = [20, 22, 24];

/**
 * Installs the supported versions of Node from the npm registry, but the one that runs this.
 *
 * @param {string} folder
 * @returns {{ name: string, env: NodeJS.ProcessEnv, binary: string }[]} the program and an environment for each
 */
export function installNodes(folder) {
  const present = Number(process.versions.node.split('.')[0]);
  return MAJORS.map((major) => {
    const name = `Node ${major}`;
    if (major === present) return { name, env: process.env, binary: process.execPath };
    const place = join(folder, `node-${major}`);
    mkdirSync(place);
    writeFileSync(join(place, 'package.json'), '{"private":true}');
    const command = `npm install --no-audit --no-fund --loglevel=error node@${major}`;
    const { status } = spawnSync(command, { cwd: place, shell: true, stdio: 'inherit' });
    if (status !== 0) throw new Error(`npm could not install ${name}.`);
    return {
      name,
      binary: join(place, 'node_modules/.bin/node'),
      env: { ...process.env, PATH: join(place, 'node_modules/.bin') + delimiter + process.env.PATH },
    };
  });
}
