import { sql } from 'kysely';
import type { Queries } from './chat-database.js';
import type { DatabaseKind } from './database-kind.js';

/**
 * Reads the clock that all processes share, in milliseconds since 1970.
 *
 * It is that of the database server; SQLite has that of the machine.
 */
export async function sharedNow(queries: Queries, kind: DatabaseKind): Promise<number> {
  if (kind === 'sqlite') return Date.now();
  const { rows } = await sql<{ now_at: number }>`
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_at`.execute(queries);
  return Number(rows[0]!.now_at);
}
