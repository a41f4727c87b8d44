import { sql } from 'kysely';
import type { Queries } from '../database/chat-database.js';
import { keyOfCursor } from '../limits/cursor.js';
import { ownChannels } from './entry-query.js';
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
  const all = filtered(queries, wanted);
  // A condition in CASE keeps the planner of PostgreSQL from the belief that few rows meet it.
  const listed = all.where(sql<boolean>`CASE WHEN c.listed_at = c.active_at THEN true ELSE false END`);
  const lagging = all.where(sql<boolean>`c.listed_at <> c.active_at`);
  return queries
    .with('listed', () =>
      (after ? listed.where(sql<boolean>`(m.active_at, m.channel_id) < (${after[0]}, ${after[1]})`) : listed)
        .orderBy('m.active_at', 'desc')
        .orderBy('m.channel_id', 'desc')
        .limit(limit),
    )
    .with('lagging', () =>
      (after ? lagging.where(sql<boolean>`(c.active_at, c.id) < (${after[0]}, ${after[1]})`) : lagging)
        .orderBy('c.active_at', 'desc')
        .orderBy('c.id', 'desc')
        .limit(limit),
    )
    .selectFrom('listed')
    .selectAll()
    .unionAll((eb) => eb.selectFrom('lagging').selectAll())
    .orderBy('active_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit);
}

function filtered(
  queries: Queries,
  { tenant, userId, isHidden = false, isArchived = false }: Omit<OwnPage, 'limit' | 'cursor'>,
) {
  return ownChannels(queries, { tenant, userId })
    .where('c.archived_at', isArchived ? 'is not' : 'is', null)
    .where((eb) =>
      isHidden
        ? eb('m.hidden_at', '>=', eb.ref('c.active_at'))
        : eb.or([eb('m.hidden_at', 'is', null), eb('m.hidden_at', '<', eb.ref('c.active_at'))]),
    );
}
