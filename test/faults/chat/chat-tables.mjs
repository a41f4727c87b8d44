// Reads the tables and the files of the chat themselves.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Reads the rows of some channels.
 *
 * @param {import('../../../libs/chat/dist/database/chat-database.js').ChatDatabase} database
 * @param {readonly string[]} channels
 */
export function tablesOf(database, channels) {
  return database.read(async (/** @type {any} */ queries) => {
    const of = (/** @type {string} */ table) =>
      queries.selectFrom(table).selectAll().where('channel_id', 'in', channels);
    return {
      messages: await of('messages').orderBy('seq').execute(),
      versions: await of('versions').execute(),
      reactions: await of('reactions').execute(),
      members: await of('members').execute(),
      threadReaders: await of('thread_readers').execute(),
      attachments: await of('attachments').orderBy('position').execute(),
      growths: (await of('growths').execute()).length,
      outbox: (await queries.selectFrom('outbox').selectAll().execute()).length,
    };
  });
}

/**
 * Returns the id of the guest in a channel.
 *
 * @param {import('../../../libs/chat/dist/database/chat-database.js').ChatDatabase} database
 * @param {string} channel
 * @returns {Promise<string>}
 */
export function guestOf(database, channel) {
  return database.read(async (/** @type {any} */ queries) => {
    const rows = queries.selectFrom('members').select('user_id').where('channel_id', '=', channel);
    return (await rows.where('role', '=', 'guest').executeTakeFirstOrThrow()).user_id;
  });
}

/**
 * Lists the files in a folder and those below it, with their sizes in bytes.
 *
 * @param {string} folder
 * @returns {Promise<{ name: string, size: number }[]>}
 */
export async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map(sizeOf);
  return (await Promise.all(files)).filter((file) => file !== undefined);
}

/** A file may get another name meanwhile, when its upload is complete. */
async function sizeOf({ name, parentPath }) {
  const found = await stat(join(parentPath, name)).catch(() => undefined);
  return found && { name, size: found.size };
}
