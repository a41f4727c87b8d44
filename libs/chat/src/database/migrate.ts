import { sql, type Kysely } from 'kysely';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChatDatabase, Queries } from './chat-database.js';
import type { DatabaseKind } from './database-kind.js';
import { bookkeeping, migrationsFor, type Migration } from './migrations.js';

/** The key of PostgreSQL's advisory lock: the letters `chat` as a number. */
const LOCK = 0x63686174;

/**
 * Brings the tables to the version of this package, under a lock.
 *
 * Several servers may call it at once. It never goes back.
 *
 * @throws {ChatError} CHAT_SCHEMA when the tables are newer than this package
 */
export async function migrate(database: ChatDatabase): Promise<void> {
  const { kind, schema } = database;
  const all = migrationsFor(kind, schema);
  await database.transaction(async (queries) => {
    if (kind === 'postgres') await sql`SELECT pg_advisory_xact_lock(${LOCK})`.execute(queries);
    for (const statement of bookkeeping(kind, schema)) await run(queries, statement);
    const applied = await appliedVersion(queries);
    refuseNewer(applied, all);
    for (const { version, statements } of all.filter((one) => one.version > applied)) {
      for (const statement of statements) await run(queries, statement);
      await queries.insertInto('migrations').values({ version, applied_at: Date.now() }).execute();
    }
  });
}

/**
 * Checks that the tables have the version of this package.
 *
 * @throws {ChatError} CHAT_SCHEMA when they are older or newer, or do not exist
 */
export async function checkSchema(database: ChatDatabase): Promise<void> {
  const all = migrationsFor(database.kind, database.schema);
  const applied = await database.read(appliedVersion).catch((error: unknown) => {
    if (error instanceof ChatError) throw error;
    return 0;
  });
  refuseNewer(applied, all);
  const newest = all.at(-1)!.version;
  if (applied < newest)
    throw new ChatError(
      ChatErrorCode.Schema,
      `The tables of the chat have version ${applied} and need ${newest}. Run the SQL of chatMigrations(), or set migrations: 'run'.`,
    );
}

/**
 * Returns the SQL of the migrations after a version.
 *
 * It is for a review, or for a migration tool of the application.
 *
 * @param options `after` is the version that the tables have, 0 for none; `schema` as in the options of the module
 */
export function chatMigrations(
  kind: DatabaseKind,
  options: { readonly schema?: string; readonly after?: number } = {},
): string {
  const { schema = DEFAULT_SCHEMAS[kind], after = 0 } = options;
  const table = kind === 'postgres' ? `"${schema}"."migrations"` : `"${schema}migrations"`;
  const steps = migrationsFor(kind, schema).filter(({ version }) => version > after);
  const statements = steps.flatMap((step) => [
    ...step.statements,
    `INSERT INTO ${table} (version, applied_at) VALUES (${step.version}, 0)`,
  ]);
  return ['BEGIN', ...bookkeeping(kind, schema), ...statements, 'COMMIT'].join(';\n\n') + ';\n';
}

/** The default schema on PostgreSQL, and the default prefix on SQLite. */
export const DEFAULT_SCHEMAS: Readonly<Record<DatabaseKind, string>> = {
  postgres: 'nestwire_chat',
  sqlite: 'nestwire_chat_',
};

async function appliedVersion(queries: Queries): Promise<number> {
  const row = await queries
    .selectFrom('migrations as m')
    .select(({ fn }) => fn.max('m.version').as('version'))
    .executeTakeFirst();
  return row?.version ?? 0;
}

function refuseNewer(applied: number, all: readonly Migration[]): void {
  const newest = all.at(-1)!.version;
  if (applied > newest)
    throw new ChatError(
      ChatErrorCode.Schema,
      `The tables of the chat have version ${applied}; this package knows ${newest}. Update @nestwire/chat.`,
    );
}

async function run(queries: Kysely<never> | Queries, statement: string): Promise<void> {
  await sql.raw(statement).execute(queries as Queries);
}
