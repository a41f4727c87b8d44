import type { ChatWork } from '../outbox/chat-work.js';

/** The rows that one query of an export reads. */
const PAGE = 200;

/** One record of a user's data. */
export interface ExportedRecord {
  readonly kind:
    'message' | 'version' | 'membership' | 'reaction' | 'report' | 'block' | 'attachment' | 'name';
  /** The columns of the record. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** A user of a tenant. */
export interface TenantUser {
  readonly tenant: string;
  readonly userId: string;
}

/** The tables with data of a user, with the column of the user and an order of the rows. */
const PERSONAL = [
  { kind: 'message', table: 'messages', column: 'author_id', order: ['channel_id', 'seq'] },
  { kind: 'version', table: 'versions', column: 'replaced_by', order: ['channel_id', 'seq', 'version'] },
  { kind: 'membership', table: 'members', column: 'user_id', order: ['channel_id'] },
  { kind: 'reaction', table: 'reactions', column: 'user_id', order: ['channel_id', 'seq', 'emoji'] },
  { kind: 'report', table: 'reports', column: 'reporter_id', order: ['channel_id', 'seq'] },
  { kind: 'report', table: 'user_reports', column: 'reporter_id', order: ['channel_id', 'user_id'] },
  { kind: 'attachment', table: 'attachments', column: 'uploader_id', order: ['channel_id', 'id'] },
  { kind: 'name', table: 'guest_names', column: 'user_id', order: ['user_id'] },
  { kind: 'block', table: 'blocks', column: 'user_id', order: ['blocked_id'] },
] as const;

/** Yields all data of a user, table by table; reads a page at a time. */
export async function* exportUser(
  work: ChatWork,
  { tenant, userId }: TenantUser,
): AsyncGenerator<ExportedRecord> {
  for (const { kind, table, column, order } of PERSONAL)
    for (let offset = 0; ; offset += PAGE) {
      const rows = await work.read((queries) => {
        const all = queries
          .selectFrom(`${table} as t` as 'messages as t')
          .selectAll()
          .where('t.tenant', '=', tenant)
          .where(`t.${column}` as 't.author_id', '=', userId);
        return order
          .reduce((sorted, by) => sorted.orderBy(`t.${by}` as 't.seq'), all)
          .limit(PAGE)
          .offset(offset)
          .execute();
      });
      for (const record of rows) yield { kind, record };
      if (rows.length < PAGE) break;
    }
}
