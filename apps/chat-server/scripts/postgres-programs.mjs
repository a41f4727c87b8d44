// Finds the programs of a PostgreSQL server on this machine, and the user to run them.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The folders beside PATH in which Debian and others put the programs of each version. */
const VERSIONED = ['/usr/lib/postgresql', '/usr/local/pgsql', '/opt/homebrew/opt'];

/** The user for a process; undefined is the user of this one. */
/** @typedef {{ readonly uid?: number, readonly gid?: number }} ProcessUser */

/**
 * Returns the folder with `initdb` and `postgres`: one of PATH, else that of the newest version.
 *
 * @returns {string | undefined} undefined where no server is installed
 */
export function findPostgres() {
  const versioned = VERSIONED.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
      .map((version) => join(folder, version, 'bin')),
  );
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...versioned];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/**
 * Returns the user for the server, because PostgreSQL refuses to run as root.
 *
 * @returns {ProcessUser} empty when this process is not run by root
 * @throws {Error} when root has no other user to choose
 */
export function postgresUser() {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody'])
    try {
      const id = (/** @type {string} */ kind) =>
        Number(execFileSync('id', [kind, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // The machine has no such user; the next name follows.
    }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody.');
}
