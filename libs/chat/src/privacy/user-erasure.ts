import { eraseUploads } from '../attachments/attachment-rows.js';
import { nextRevision, updateChannel } from '../channels/channel-rows.js';
import type { Queries } from '../database/chat-database.js';
import {
  deletePart,
  deleteParts,
  MESSAGE_PARTS,
  NO_CONTENT,
  updateMessage,
} from '../messages/message-rows.js';
import type { ChatWork } from '../outbox/chat-work.js';
import { inBatches } from '../outbox/in-batches.js';
import { storeInOutbox, type OutboxEntry } from '../outbox/outbox.js';
import type { TenantUser } from './user-export.js';

/**
 * Erases the content of a user's messages and all traces in other tables.
 *
 * Returns the number of erased messages.
 * It runs in many short transactions and can be repeated after a failure.
 */
export async function eraseUser(work: ChatWork, user: TenantUser): Promise<number> {
  const messages = await inBatches(work, (queries, limit) => eraseMessages(queries, user, limit));
  await inBatches(work, (queries, limit) => eraseReactions(queries, user, limit));
  await inBatches(work, (queries, limit) => eraseMemberships(queries, user, limit));
  await work.change((queries) => eraseUploads(queries, user));
  await work.change((queries) => eraseRest(queries, user));
  return messages;
}

/** Locks the channels in one order, so that two erasures do not wait for each other in a circle. */
async function eraseMessages(
  queries: Queries,
  { tenant, userId }: TenantUser,
  limit: number,
): Promise<number> {
  const rows = await queries
    .selectFrom('messages as m')
    .select(['m.tenant', 'm.channel_id', 'm.seq', 'm.deleted_at'])
    .where('m.tenant', '=', tenant)
    .where('m.author_id', '=', userId)
    .orderBy('m.channel_id')
    .orderBy('m.seq')
    .limit(limit)
    .execute();
  const entries: OutboxEntry[] = [];
  for (const row of rows) {
    const { channel_id: channelId, seq } = row;
    const revision = await nextRevision(queries, { tenant, id: channelId });
    await deleteParts(queries, row, MESSAGE_PARTS);
    await updateMessage(queries, row)
      .set({
        ...NO_CONTENT,
        revision,
        author_id: null,
        client_id: null,
        deleted_at: row.deleted_at ?? Date.now(),
        deleted_by: null,
      })
      .execute();
    entries.push({ tenant, kind: 'message.deleted', channelId, seq });
  }
  await storeInOutbox(queries, entries);
  return rows.length;
}

async function eraseReactions(
  queries: Queries,
  { tenant, userId }: TenantUser,
  limit: number,
): Promise<number> {
  const rows = await queries
    .selectFrom('reactions as r')
    .select(['r.tenant', 'r.channel_id', 'r.seq'])
    .distinct()
    .where('r.tenant', '=', tenant)
    .where('r.user_id', '=', userId)
    .orderBy('r.channel_id')
    .orderBy('r.seq')
    .limit(limit)
    .execute();
  const entries: OutboxEntry[] = [];
  for (const row of rows) {
    const { channel_id: channelId, seq } = row;
    const revision = await nextRevision(queries, { tenant, id: channelId });
    await deletePart(queries, 'reactions', row).where('user_id', '=', userId).execute();
    await updateMessage(queries, row).set({ revision }).execute();
    entries.push({ tenant, kind: 'message.reacted', channelId, seq });
  }
  await storeInOutbox(queries, entries);
  return rows.length;
}

async function eraseMemberships(
  queries: Queries,
  { tenant, userId }: TenantUser,
  limit: number,
): Promise<number> {
  const rows = await queries
    .selectFrom('members as m')
    .select('m.channel_id')
    .where('m.tenant', '=', tenant)
    .where('m.user_id', '=', userId)
    .orderBy('m.channel_id')
    .limit(limit)
    .execute();
  for (const { channel_id: channelId } of rows) {
    await updateChannel(queries, { tenant, id: channelId })
      .set((eb) => ({ member_count: eb('member_count', '-', 1) }))
      .execute();
    await queries
      .deleteFrom('members')
      .where('tenant', '=', tenant)
      .where('channel_id', '=', channelId)
      .where('user_id', '=', userId)
      .execute();
  }
  await storeInOutbox(
    queries,
    rows.map(({ channel_id: channelId }) => ({ tenant, kind: 'member.removed', channelId, userId })),
  );
  return rows.length;
}

async function eraseRest(queries: Queries, { tenant, userId }: TenantUser): Promise<void> {
  const own = [
    ['mentions', 'user_id'],
    ['guest_names', 'user_id'],
    ['thread_readers', 'user_id'],
    ['reports', 'reporter_id'],
    ['user_reports', 'reporter_id'],
    ['user_reports', 'user_id'],
    ['blocks', 'user_id'],
    ['blocks', 'blocked_id'],
  ] as const;
  for (const [table, column] of own)
    await queries
      .deleteFrom(table as 'mentions')
      .where('tenant', '=', tenant)
      .where(column as 'user_id', '=', userId)
      .execute();
  const foreign = [
    ['channels', 'created_by'],
    ['messages', 'deleted_by'],
    ['messages', 'pinned_by'],
    ['versions', 'replaced_by'],
    ['reports', 'resolved_by'],
    ['user_reports', 'resolved_by'],
  ] as const;
  for (const [table, column] of foreign)
    await queries
      .updateTable(table as 'channels')
      .set({ [column]: null })
      .where('tenant', '=', tenant)
      .where(column as 'created_by', '=', userId)
      .execute();
}
