import type { ChatDatabase, Queries } from '../database/chat-database.js';
import { previewKey } from './file-inspection.js';
import type { ChatFileStorage } from './file-storage.js';

const BATCH = 100;
/** The time after which an upload that no message has is given up; and that for which quotas count. */
const DAY_MS = 86_400_000;

/**
 * Deletes the files that nothing needs.
 *
 * These are the files of removed messages, and of uploads that no message has after a day. A row remains for a day after its creation, for the quota of the user. Returns the number of deleted files.
 */
export async function removeOrphans(
  database: ChatDatabase,
  storage: ChatFileStorage,
  nowMs: number,
): Promise<number> {
  await database.transaction((queries) => giveUp(queries, nowMs));
  let removed = 0;
  for (let count = BATCH; count === BATCH; removed += count)
    count = await removeFiles(database, storage, nowMs);
  await database.transaction((queries) =>
    queries
      .deleteFrom('attachments')
      .where('removed_at', 'is not', null)
      .where('created_at', '<', nowMs - DAY_MS)
      .execute(),
  );
  return removed;
}

async function giveUp(queries: Queries, nowMs: number): Promise<void> {
  await queries
    .updateTable('attachments')
    .set({ orphaned_at: nowMs, client_id: null })
    .where('seq', 'is', null)
    .where('orphaned_at', 'is', null)
    .where('created_at', '<', nowMs - DAY_MS)
    .execute();
}

/** The file goes before its row says so: after a crash in between, it is deleted again. */
async function removeFiles(database: ChatDatabase, storage: ChatFileStorage, nowMs: number): Promise<number> {
  const rows = await database.read((queries) =>
    queries
      .selectFrom('attachments as a')
      .select(['a.tenant', 'a.id'])
      .where('a.orphaned_at', 'is not', null)
      .where('a.removed_at', 'is', null)
      .limit(BATCH)
      .execute(),
  );
  for (const { id } of rows) {
    await storage.delete(id);
    await storage.delete(previewKey(id));
  }
  await database.transaction(async (queries) => {
    for (const { tenant, id } of rows)
      await queries
        .updateTable('attachments')
        .set({ removed_at: nowMs })
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .execute();
  });
  return rows.length;
}
