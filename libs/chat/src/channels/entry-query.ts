import { sql, type SelectQueryBuilder } from 'kysely';
import type { Queries } from '../database/chat-database.js';
import { groupedBy } from '../database/grouped-by.js';
import type { ChatTables } from '../database/chat-tables.js';
import { MAX_UNREAD } from '../limits/chat-limits.js';
import type { ChatProfile } from '../users/chat-users.js';
import type { ChannelEntry, LastMessage } from './channel-entry.js';
import { channelOf, membershipOf, type ChannelRow, type MemberRow } from './chat-channel.js';

/** A channel and the membership of one user in it. */
export type ListedRow = ChannelRow & MemberRow;

/** The same with what a list shows of it. */
export interface EntryRow extends ListedRow {
  readonly last_message_seq: number | null;
  readonly last_kind: string | null;
  readonly last_author: string | null;
  readonly last_text: string | null;
  readonly last_created_at: number | null;
  readonly unread_count: number | null;
  readonly mention_count: number | null;
}

/** The columns of a membership that a channel does not have. */
export const MEMBER_COLUMNS = [
  'm.channel_id',
  'm.user_id',
  'm.role',
  'm.state',
  'm.joined_at',
  'm.read_seq',
  'm.muted_until',
  'm.hidden_at',
] as const;

/** A user of a tenant, whose list is read. */
interface TenantUserId {
  readonly tenant: string;
  readonly userId: string;
}

/** The channels of a user, joined with their memberships. */
export function ownChannels(queries: Queries, { tenant, userId }: TenantUserId) {
  return queries
    .selectFrom('members as m')
    .innerJoin('channels as c', (join) =>
      join.onRef('c.tenant', '=', 'm.tenant').onRef('c.id', '=', 'm.channel_id'),
    )
    .selectAll('c')
    .select(MEMBER_COLUMNS)
    .where('m.tenant', '=', tenant)
    .where('m.user_id', '=', userId);
}

/**
 * Completes chosen channels with last messages and counts.
 *
 * The page is chosen first, so that only its channels are counted.
 */
export async function readEntries<DB extends ChatTables, TB extends keyof DB>(
  queries: Queries,
  userId: string,
  chosen: SelectQueryBuilder<DB, TB, ListedRow>,
): Promise<EntryRow[]> {
  return queries
    .with('page', () => chosen)
    .selectFrom('page as p')
    .leftJoin('messages as x', (join) =>
      join
        .onRef('x.tenant', '=', 'p.tenant')
        .onRef('x.channel_id', '=', 'p.id')
        .on((eb) =>
          eb(
            'x.seq',
            '=',
            eb
              .selectFrom('messages as l')
              .select('l.seq')
              .whereRef('l.tenant', '=', 'p.tenant')
              .whereRef('l.channel_id', '=', 'p.id')
              .where('l.thread_seq', 'is', null)
              .where('l.deleted_at', 'is', null)
              .orderBy('l.seq', 'desc')
              .limit(1),
          ),
        ),
    )
    .selectAll('p')
    .select([
      'x.seq as last_message_seq',
      'x.kind as last_kind',
      'x.author_id as last_author',
      'x.text as last_text',
      'x.created_at as last_created_at',
    ])
    .select((eb) => [
      eb
        .selectFrom((inner) =>
          inner
            .selectFrom('messages as u')
            .select('u.seq')
            .whereRef('u.tenant', '=', 'p.tenant')
            .whereRef('u.channel_id', '=', 'p.id')
            .whereRef('u.seq', '>', 'p.read_seq')
            .where('u.thread_seq', 'is', null)
            .where('u.deleted_at', 'is', null)
            .where('u.kind', '=', sql.lit('user'))
            .where('u.author_id', '!=', userId)
            .limit(MAX_UNREAD)
            .as('unread'),
        )
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .as('unread_count'),
      eb
        .selectFrom((inner) =>
          inner
            .selectFrom('mentions as n')
            .select('n.seq')
            .whereRef('n.tenant', '=', 'p.tenant')
            .where('n.user_id', '=', userId)
            .whereRef('n.channel_id', '=', 'p.id')
            .whereRef('n.seq', '>', 'p.read_seq')
            .limit(MAX_UNREAD)
            .as('mentioned'),
        )
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .as('mention_count'),
    ])
    .orderBy('p.active_at', 'desc')
    .orderBy('p.id', 'desc')
    .execute();
}

/**
 * Reads the ids of the other members of channels, in one query.
 *
 * A channel without others is left out.
 */
export async function readOthers(
  queries: Queries,
  { tenant, userId, channelIds }: { readonly channelIds: readonly string[] } & TenantUserId,
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (channelIds.length === 0) return new Map();
  const rows = await queries
    .selectFrom('members as m')
    .select(['m.channel_id', 'm.user_id'])
    .where('m.tenant', '=', tenant)
    .where('m.channel_id', 'in', channelIds)
    .where('m.user_id', '!=', userId)
    .orderBy('m.channel_id')
    .orderBy('m.user_id')
    .execute();
  return groupedBy(
    rows,
    ({ channel_id }) => channel_id,
    ({ user_id }) => user_id,
  );
}

/**
 * Makes the entry of a row.
 *
 * A channel that the user may not read shows no message and no counts.
 */
export function entryOf(
  row: EntryRow,
  {
    profiles,
    isReadable,
    otherIds,
  }: {
    readonly profiles: ReadonlyMap<string, ChatProfile>;
    readonly isReadable: boolean;
    readonly otherIds: readonly string[];
  },
): ChannelEntry {
  return {
    channel: channelOf(row),
    membership: membershipOf(row),
    lastMessage: isReadable ? lastMessageOf(row, profiles) : null,
    unreadCount: isReadable ? (row.unread_count ?? 0) : 0,
    mentionCount: isReadable ? (row.mention_count ?? 0) : 0,
    others: isReadable ? otherIds.map((id) => profiles.get(id) ?? { id, name: id }) : [],
  };
}

function lastMessageOf(row: EntryRow, profiles: ReadonlyMap<string, ChatProfile>): LastMessage | null {
  if (row.last_message_seq === null) return null;
  const { last_author: id } = row;
  return {
    seq: row.last_message_seq,
    kind: row.last_kind as LastMessage['kind'],
    author: id === null ? null : (profiles.get(id) ?? { id, name: id }),
    text: row.last_text ?? '',
    createdAt: row.last_created_at ?? 0,
  };
}
