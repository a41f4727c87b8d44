import type { Queries } from '../database/chat-database.js';
import type { ChatRole } from '../policy/chat-role.js';
import type { ChannelRow, MemberRow } from './chat-channel.js';

/** The key of a channel. */
export type ChannelKey = Pick<ChannelRow, 'tenant' | 'id'>;

/** Selects the row of a channel. */
export function selectChannel(queries: Queries, { tenant, id }: ChannelKey) {
  return queries
    .selectFrom('channels as c')
    .selectAll()
    .where('c.tenant', '=', tenant)
    .where('c.id', '=', id);
}

/** Begins an update of the row of a channel. */
export function updateChannel(queries: Queries, { tenant, id }: ChannelKey) {
  return queries.updateTable('channels').where('tenant', '=', tenant).where('id', '=', id);
}

/** Takes the number of the next change of a message in a channel. */
export async function nextRevision(queries: Queries, channel: ChannelKey): Promise<number> {
  const { revision } = await updateChannel(queries, channel)
    .set((eb) => ({ revision: eb('revision', '+', 1) }))
    .returning('revision')
    .executeTakeFirstOrThrow();
  return revision;
}

/**
 * Takes the numbers of a new message.
 *
 * A reply in a thread changes two messages, so it takes two revisions.
 */
export function takeNumbers(
  queries: Queries,
  channel: ChannelKey,
  { createdAt, revisions = 1 }: { readonly createdAt: number; readonly revisions?: 1 | 2 },
) {
  return updateChannel(queries, channel)
    .set((eb) => ({
      last_seq: eb('last_seq', '+', 1),
      revision: eb('revision', '+', revisions),
      active_at: createdAt,
      lagging_at: eb.fn.coalesce('lagging_at', eb.val(Date.now())),
    }))
    .returning(['last_seq', 'revision'])
    .executeTakeFirstOrThrow();
}

/** Selects the rows of the members of a channel. */
export function selectMembers(queries: Queries, { tenant, id }: ChannelKey) {
  return queries
    .selectFrom('members as m')
    .selectAll()
    .where('m.tenant', '=', tenant)
    .where('m.channel_id', '=', id);
}

/** Reads the row of one member. */
export function memberOf(
  queries: Queries,
  channel: ChannelKey,
  userId: string,
): Promise<MemberRow | undefined> {
  return selectMembers(queries, channel).where('m.user_id', '=', userId).executeTakeFirst();
}

/** Begins an update of the row of a member. */
export function updateMember(queries: Queries, { tenant, id }: ChannelKey, userId: string) {
  return queries
    .updateTable('members')
    .where('tenant', '=', tenant)
    .where('channel_id', '=', id)
    .where('user_id', '=', userId);
}

/** A user who enters a channel. */
export interface MemberEntry {
  readonly userId: string;
  readonly role: ChatRole;
  /** @default 'joined' */
  readonly state?: 'joined' | 'invited';
}

/**
 * Makes the row of a new member.
 *
 * Older messages are no news, so they count as read.
 */
export function newMember(
  { tenant, id, last_seq, active_at }: ChannelRow,
  { userId, role, state = 'joined' }: MemberEntry,
) {
  const joined_at = Date.now();
  return {
    tenant,
    channel_id: id,
    user_id: userId,
    role,
    state,
    joined_at,
    read_seq: last_seq,
    active_at,
  };
}
