import { orphanAttachments } from '../attachments/attachment-rows.js';
import type { Queries } from '../database/chat-database.js';
import type { MessageRow } from './chat-message.js';

/** The key of a message. */
export type MessageKey = Pick<MessageRow, 'tenant' | 'channel_id' | 'seq'>;

/** The tables that have parts of messages. */
export type MessagePart = 'reactions' | 'mentions' | 'versions' | 'reports' | 'growths';

/** All tables that have parts of messages. */
export const MESSAGE_PARTS: readonly MessagePart[] = [
  'reactions',
  'mentions',
  'versions',
  'reports',
  'growths',
];

/** The columns of a message without content, as one that is deleted. */
export const NO_CONTENT = {
  text: null,
  entities: null,
  growth: null,
  attachment_count: 0,
  data: null,
  edit_id: null,
  pinned_at: null,
  pinned_by: null,
} as const;

/** Selects the rows of the messages of a channel. */
export function selectMessages(queries: Queries, { tenant, channel_id }: Omit<MessageKey, 'seq'>) {
  return queries
    .selectFrom('messages as m')
    .selectAll()
    .where('m.tenant', '=', tenant)
    .where('m.channel_id', '=', channel_id);
}

/** Reads the row of a message. */
export function messageAt(queries: Queries, key: MessageKey): Promise<MessageRow | undefined> {
  return selectMessages(queries, key).where('m.seq', '=', key.seq).executeTakeFirst();
}

/** Begins an update of the row of a message. */
export function updateMessage(queries: Queries, { tenant, channel_id, seq }: MessageKey) {
  return queries
    .updateTable('messages')
    .where('tenant', '=', tenant)
    .where('channel_id', '=', channel_id)
    .where('seq', '=', seq);
}

/** Begins to delete a message, or its rows in another table. */
export function deletePart(
  queries: Queries,
  part: MessagePart | 'messages',
  { tenant, channel_id, seq }: MessageKey,
) {
  return queries
    .deleteFrom(part as 'reactions')
    .where('tenant', '=', tenant)
    .where('channel_id', '=', channel_id)
    .where('seq', '=', seq);
}

/** Deletes the rows of a message in other tables, and gives up its files. */
export async function deleteParts(
  queries: Queries,
  key: MessageKey,
  parts: readonly MessagePart[],
): Promise<void> {
  for (const part of parts) await deletePart(queries, part, key).execute();
  await orphanAttachments(queries, key);
}

/** Tells whether an edit with this client id has made a version of a message. */
export async function hasEdit(queries: Queries, row: MessageRow, editId: string): Promise<boolean> {
  if (row.edit_id === editId) return true;
  const former = await queries
    .selectFrom('versions as v')
    .select('v.version')
    .where('v.tenant', '=', row.tenant)
    .where('v.channel_id', '=', row.channel_id)
    .where('v.seq', '=', row.seq)
    .where('v.edit_id', '=', editId)
    .limit(1)
    .executeTakeFirst();
  return former !== undefined;
}

/** Keeps the present content of a message as a former version. */
export async function keepVersion(
  queries: Queries,
  row: MessageRow,
  replacedBy: string | null,
): Promise<void> {
  const { tenant, channel_id, seq, version, text, data, entities, edit_id } = row;
  const replaced = { replaced_at: Date.now(), replaced_by: replacedBy };
  await queries
    .insertInto('versions')
    .values({ tenant, channel_id, seq, version, text, data, entities, edit_id, ...replaced })
    .execute();
}
