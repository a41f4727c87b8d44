import { sql, type ExpressionBuilder } from 'kysely';
import type { Queries } from '../database/chat-database.js';
import type { ChatTables } from '../database/chat-tables.js';
import { keyOfCursor } from '../limits/cursor.js';
import { MEMBER_COLUMNS, ownChannels } from './entry-query.js';
import type { ListRequest } from './list-page.js';

/** The wanted part of the channels of a user. */
export interface OwnListRequest extends ListRequest {
  /**
   * True for the hidden channels alone, false for those that are not hidden.
   *
   * @default false
   */
  readonly isHidden?: boolean;
  /**
   * True for the archived channels alone, false for those that are not archived.
   *
   * @default false
   */
  readonly isArchived?: boolean;
}

/** The wanted channels of one user. */
export interface OwnPage extends OwnListRequest {
  readonly tenant: string;
  readonly userId: string;
  readonly limit: number;
}

/**
 * Chooses a page of the channels of a user, the last active first.
 *
 * An index on the members has the order, by their copies of `active_at`. Channels whose copies lag behind have an
 * index too: they are few, and their own `active_at` counts. So the order is always the present one.
 */
export function ownPage(queries: Queries, { cursor, limit, ...wanted }: OwnPage) {
  const after = cursor === undefined ? undefined : keyOfCursor(cursor, 'number', 'string');
  return queries
    .with('listed', () => listedChannels(queries, wanted, after).limit(limit))
    .with('lagging', () => laggingChannels(queries, wanted, after).limit(limit))
    .selectFrom('listed')
    .selectAll()
    .unionAll((eb) => eb.selectFrom('lagging').selectAll())
    .orderBy('active_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit);
}

type Wanted = Omit<OwnPage, 'limit' | 'cursor'>;
type Key = readonly [number, string] | undefined;

function listedChannels(queries: Queries, { tenant, userId, ...filter }: Wanted, after: Key) {
  const listed = ownChannels(queries, { tenant, userId })
    .where(isShown(filter))
    .where('c.lagging_at', 'is', null);
  return (
    after ? listed.where(sql<boolean>`(m.active_at, m.channel_id) < (${after[0]}, ${after[1]})`) : listed
  )
    .orderBy('m.active_at', 'desc')
    .orderBy('m.channel_id', 'desc');
}

/** Begins with the channels: a cross join keeps this order on SQLite. */
function laggingChannels(queries: Queries, { tenant, userId, ...filter }: Wanted, after: Key) {
  const lagging = queries
    .selectFrom('channels as c')
    .crossJoin('members as m')
    .selectAll('c')
    .select(MEMBER_COLUMNS)
    .where('c.tenant', '=', tenant)
    .where('c.lagging_at', 'is not', null)
    .whereRef('m.tenant', '=', 'c.tenant')
    .whereRef('m.channel_id', '=', 'c.id')
    .where('m.user_id', '=', userId)
    .where(isShown(filter));
  return (after ? lagging.where(sql<boolean>`(c.active_at, c.id) < (${after[0]}, ${after[1]})`) : lagging)
    .orderBy('c.active_at', 'desc')
    .orderBy('c.id', 'desc');
}

function isShown({ isHidden = false, isArchived = false }: Omit<Wanted, 'tenant' | 'userId'>) {
  return (eb: ExpressionBuilder<{ c: ChatTables['channels']; m: ChatTables['members'] }, 'c' | 'm'>) =>
    eb.and([
      eb('c.archived_at', isArchived ? 'is not' : 'is', null),
      isHidden
        ? eb('m.hidden_at', '>=', eb.ref('c.active_at'))
        : eb.or([eb('m.hidden_at', 'is', null), eb('m.hidden_at', '<', eb.ref('c.active_at'))]),
    ]);
}
