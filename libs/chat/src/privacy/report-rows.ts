import type { Queries } from '../database/chat-database.js';
import type { ChatTables } from '../database/chat-tables.js';

/** The most open reports that one call reads. */
const MAX_REPORTS = 100;

/** The tables of reports, each with the column of what is reported. */
const TARGETS = { reports: 'seq', user_reports: 'user_id' } as const;

/** A table of reports. */
export type ReportTable = keyof typeof TARGETS;

/** A channel of a tenant. */
export interface ReportPlace {
  readonly tenant: string;
  readonly channel_id: string;
}

/**
 * Stores a report.
 *
 * A second one of the same reporter replaces the reason, and opens it again.
 */
export async function storeReport(
  queries: Queries,
  table: ReportTable,
  row: ReportPlace & {
    readonly target: number | string;
    readonly reporter_id: string;
    readonly reason: string;
  },
): Promise<void> {
  const { target, reason, ...place } = row;
  const column = TARGETS[table];
  await queries
    .insertInto(table as 'reports')
    .values({ ...place, [column]: target, reason, created_at: Date.now() } as never)
    .onConflict((c) =>
      c
        .columns(['tenant', 'channel_id', column as 'seq', 'reporter_id'])
        .doUpdateSet({ reason, resolved_at: null, resolved_by: null }),
    )
    .execute();
}

/** Reads the open reports of a channel, the oldest first. */
export async function openReports<Table extends ReportTable>(
  queries: Queries,
  table: Table,
  { tenant, channel_id }: ReportPlace,
): Promise<ChatTables[Table][]> {
  return (await queries
    .selectFrom(`${table} as r` as 'reports as r')
    .selectAll()
    .where('r.tenant', '=', tenant)
    .where('r.channel_id', '=', channel_id)
    .where('r.resolved_at', 'is', null)
    .orderBy('r.created_at')
    .limit(MAX_REPORTS)
    .execute()) as ChatTables[ReportTable][] as ChatTables[Table][];
}

/** Closes the open reports of a message or a user. */
export async function closeReports(
  queries: Queries,
  table: ReportTable,
  { tenant, channel_id, target }: ReportPlace & { readonly target: number | string },
  resolvedBy: string | null,
): Promise<void> {
  await queries
    .updateTable(table as 'reports')
    .set({ resolved_at: Date.now(), resolved_by: resolvedBy })
    .where('tenant', '=', tenant)
    .where('channel_id', '=', channel_id)
    .where(TARGETS[table] as 'seq', '=', target as number)
    .where('resolved_at', 'is', null)
    .execute();
}
