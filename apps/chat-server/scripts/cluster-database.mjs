import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OwnPostgres } from './own-postgres.mjs';
import { findPostgres } from './postgres-programs.mjs';

const DEFAULT_FOLDER = fileURLToPath(new URL('../data', import.meta.url));

/**
 * The database that the servers of a cluster share.
 *
 * @typedef {object} ClusterDatabase
 * @property {string} url of PostgreSQL; empty for the file in the folder of the chat
 * @property {string} source the database and why it was taken, to be shown
 * @property {() => Promise<void>} stop ends the process that this one has started, if any
 * @property {() => Promise<string>} failed resolves with the reason when that process has ended by itself
 */

/**
 * Chooses the database of a cluster, and starts it if it is a PostgreSQL of this machine.
 *
 * DATABASE_URL comes first; if it is empty, the file is taken. Otherwise an installed PostgreSQL serves, with its data
 * in the folder of the chat (CHAT_DATA), else the file.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<ClusterDatabase>}
 * @throws {Error} with the cause and the remedy, when PostgreSQL does not start
 */
export async function startDatabase({ DATABASE_URL, CHAT_DATA = DEFAULT_FOLDER }) {
  if (DATABASE_URL) return given(DATABASE_URL, 'PostgreSQL (DATABASE_URL)');
  if (DATABASE_URL !== undefined) return file('DATABASE_URL is empty');
  const programs = findPostgres();
  if (!programs) return file('no PostgreSQL is installed; on Debian and Ubuntu: apt install postgresql');
  const folder = resolve(CHAT_DATA, 'postgres');
  const postgres = new OwnPostgres(folder, programs);
  if (!(await postgres.canUseFolder()) && !postgres.hasData)
    return file(`PostgreSQL does not run as root, and its user cannot enter ${folder}`);
  await postgres.start();
  return {
    url: postgres.url,
    source: `PostgreSQL (${programs}, data in ${folder})`,
    stop: () => postgres.stop(),
    failed: () => postgres.ended().then(() => `PostgreSQL has ended. Its log: ${join(folder, 'log')}`),
  };
}

/** @param {string} reason */
function file(reason) {
  return given('', `one file of both servers (${reason})`);
}

/**
 * @param {string} url
 * @param {string} source
 * @returns {ClusterDatabase}
 */
function given(url, source) {
  return { url, source, stop: async () => undefined, failed: () => new Promise(() => undefined) };
}
