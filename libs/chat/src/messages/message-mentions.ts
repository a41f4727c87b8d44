import type { Queries } from '../database/chat-database.js';
import { selectMembers, type ChannelKey } from '../channels/channel-rows.js';
import type { MessageRow } from './chat-message.js';
import { deletePart, type MessageKey } from './message-rows.js';

/** Reads the users that a message mentions. */
export async function mentionedBy(
  queries: Queries,
  { tenant, channel_id, seq }: MessageKey,
): Promise<string[]> {
  const rows = await queries
    .selectFrom('mentions as n')
    .select('n.user_id')
    .where('n.tenant', '=', tenant)
    .where('n.channel_id', '=', channel_id)
    .where('n.seq', '=', seq)
    .execute();
  return rows.map(({ user_id }) => user_id);
}

/**
 * Replaces the mentions of a message.
 *
 * Its author, and users who are no members, are left out.
 */
export async function setMentions(
  queries: Queries,
  { tenant, channel_id, seq, author_id }: MessageKey & Pick<MessageRow, 'author_id'>,
  mentions: readonly string[],
): Promise<void> {
  await deletePart(queries, 'mentions', { tenant, channel_id, seq }).execute();
  const members = await mentionable(queries, { tenant, id: channel_id }, { mentions, authorId: author_id });
  if (members.length === 0) return;
  await queries
    .insertInto('mentions')
    .values(members.map((user_id) => ({ tenant, channel_id, seq, user_id })))
    .execute();
}

/**
 * Returns the users whom a message can mention.
 *
 * They are the members beside its author, in the order of their ids.
 */
export async function mentionable(
  queries: Queries,
  channel: ChannelKey,
  { mentions, authorId }: { readonly mentions: readonly string[]; readonly authorId: string | null },
): Promise<string[]> {
  const others = mentions.filter((userId) => userId !== authorId);
  if (others.length === 0) return [];
  const members = await selectMembers(queries, channel)
    .where('m.user_id', 'in', others)
    .orderBy('m.user_id')
    .execute();
  return members.map(({ user_id }) => user_id);
}
