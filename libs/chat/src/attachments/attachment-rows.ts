import { sql } from 'kysely';
import type { ChatDatabase, Queries } from '../database/chat-database.js';
import { groupedBy } from '../database/grouped-by.js';
import { exceeded, invalid } from '../limits/checks.js';
import type { AttachmentRow } from './chat-attachment.js';

const DAY_MS = 86_400_000;

/** The place of a message in all tenants. */
interface MessageKey {
  readonly tenant: string;
  readonly channel_id: string;
  readonly seq: number;
}

/** Reads the row of an upload. */
export function uploadAt(
  queries: Queries,
  { tenant, id }: { readonly tenant: string; readonly id: string },
): Promise<AttachmentRow | undefined> {
  return queries
    .selectFrom('attachments as a')
    .selectAll()
    .where('a.tenant', '=', tenant)
    .where('a.id', '=', id)
    .executeTakeFirst();
}

/** Selects the rows of uploads that nothing has given up. */
function neededUploads(queries: Queries, tenant: string) {
  return queries
    .selectFrom('attachments as a')
    .selectAll()
    .where('a.tenant', '=', tenant)
    .where('a.orphaned_at', 'is', null);
}

/** The client's id of an upload, with its uploader and channel. */
export interface UploadClientId {
  readonly tenant: string;
  readonly channelId: string;
  readonly userId: string;
  readonly clientId: string;
}

/** Reads the row of the upload with a client id, if it was begun and not given up. */
export function begunUpload(
  queries: Queries,
  { tenant, channelId, userId, clientId }: UploadClientId,
): Promise<AttachmentRow | undefined> {
  return neededUploads(queries, tenant)
    .where('a.channel_id', '=', channelId)
    .where('a.uploader_id', '=', userId)
    .where('a.client_id', '=', clientId)
    .executeTakeFirst();
}

/** Stores the row of a new upload. */
export function storeUpload(
  queries: Queries,
  {
    tenant,
    channelId,
    userId,
    clientId,
    ...file
  }: UploadClientId & Pick<AttachmentRow, 'id' | 'name' | 'byte_size'>,
): Promise<AttachmentRow> {
  const uploader = { channel_id: channelId, uploader_id: userId, client_id: clientId };
  return queries
    .insertInto('attachments')
    .values({ tenant, ...uploader, ...file, created_at: Date.now() })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Begins an update of the row of an upload that nothing has given up. */
export function updateUpload(
  queries: Queries,
  { tenant, id }: { readonly tenant: string; readonly id: string },
) {
  return queries
    .updateTable('attachments')
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .where('orphaned_at', 'is', null);
}

/** Reads the attachments of messages of one channel, in the order of each post. */
export async function attachmentsOf(
  queries: Queries,
  {
    tenant,
    channelId,
    seqs,
  }: { readonly tenant: string; readonly channelId: string; readonly seqs: readonly number[] },
): Promise<ReadonlyMap<number, readonly AttachmentRow[]>> {
  if (seqs.length === 0) return new Map();
  const rows = await neededUploads(queries, tenant)
    .where('a.channel_id', '=', channelId)
    .where('a.seq', 'in', seqs)
    .orderBy('a.seq')
    .orderBy('a.position')
    .execute();
  return groupedBy(
    rows,
    ({ seq }) => seq!,
    (row) => row,
  );
}

/**
 * Reads complete uploads of the author, in the order of the ids.
 *
 * @throws {ChatError} CHAT_INVALID when one of them is not complete, of another user or channel, or used before
 */
export async function usableUploads(
  queries: Queries,
  {
    tenant,
    channelId,
    userId,
  }: { readonly tenant: string; readonly channelId: string; readonly userId: string | null },
  ids: readonly string[],
): Promise<readonly AttachmentRow[]> {
  if (ids.length === 0) return [];
  const rows = await neededUploads(queries, tenant)
    .where('a.id', 'in', ids)
    .where('a.channel_id', '=', channelId)
    .where('a.uploader_id', '=', userId)
    .where('a.completed_at', 'is not', null)
    .where('a.seq', 'is', null)
    .execute();
  if (rows.length < ids.length) throw unusable();
  return ids.map((id) => rows.find((row) => row.id === id)!);
}

/**
 * Gives complete uploads of the author to a message.
 *
 * @throws {ChatError} CHAT_INVALID when one of them is not complete, of another user or channel, or used before
 */
export async function attachUploads(
  queries: Queries,
  { tenant, channel_id, seq }: MessageKey,
  { userId, ids }: { readonly userId: string | null; readonly ids: readonly string[] },
): Promise<void> {
  for (const [position, id] of ids.entries()) {
    const attached = await updateUpload(queries, { tenant, id })
      .set({ seq, position })
      .where('channel_id', '=', channel_id)
      .where('uploader_id', '=', userId)
      .where('completed_at', 'is not', null)
      .where('seq', 'is', null)
      .returning('id')
      .execute();
    if (attached.length === 0) throw unusable();
  }
}

/** Gives up the files of a message; the hourly work deletes them. */
export async function orphanAttachments(
  queries: Queries,
  { tenant, channel_id, seq }: MessageKey,
): Promise<void> {
  await queries
    .updateTable('attachments')
    .set({ orphaned_at: Date.now() })
    .where('tenant', '=', tenant)
    .where('channel_id', '=', channel_id)
    .where('seq', '=', seq)
    .where('orphaned_at', 'is', null)
    .execute();
}

/** Gives up all files of a user, and removes what tells of the user. */
export async function eraseUploads(
  queries: Queries,
  { tenant, userId }: { readonly tenant: string; readonly userId: string },
): Promise<void> {
  await queries
    .updateTable('attachments')
    .set({ orphaned_at: Date.now(), uploader_id: null, client_id: null, name: '' })
    .where('tenant', '=', tenant)
    .where('uploader_id', '=', userId)
    .execute();
}

/**
 * Checks the quota of a user before an upload of this size.
 *
 * Other uploads of the user wait until the transaction ends.
 *
 * @throws {ChatError} CHAT_LIMIT_EXCEEDED
 */
export async function demandQuota(
  queries: Queries,
  {
    kind,
    tenant,
    userId,
  }: { readonly kind: ChatDatabase['kind']; readonly tenant: string; readonly userId: string },
  {
    size,
    maxUploads,
    bytesPerDay,
  }: { readonly size: number; readonly maxUploads: number; readonly bytesPerDay: number },
): Promise<void> {
  if (kind === 'postgres')
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${JSON.stringify([tenant, userId])}, 0))`.execute(
      queries,
    );
  const ofUser = queries
    .selectFrom('attachments as a')
    .where('a.tenant', '=', tenant)
    .where('a.uploader_id', '=', userId);
  const open = await ofUser
    .select('a.id')
    .where('a.seq', 'is', null)
    .where('a.orphaned_at', 'is', null)
    .limit(maxUploads)
    .execute();
  if (open.length >= maxUploads)
    throw exceeded(`A user has at most ${maxUploads} uploads that no message has; post or cancel some`);
  const { byte_count } = await ofUser
    .select(sql<number>`coalesce(sum(a.byte_size), 0)`.as('byte_count'))
    .where('a.created_at', '>', Date.now() - DAY_MS)
    .executeTakeFirstOrThrow();
  if (Number(byte_count) + size > bytesPerDay)
    throw exceeded(`A user uploads at most ${bytesPerDay} bytes within 24 hours`);
}

function unusable() {
  return invalid('An attachment is a complete upload of the author in this channel that no message has yet');
}
