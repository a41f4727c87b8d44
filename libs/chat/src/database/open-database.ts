import { PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { resolve } from 'node:path';
import { demandOneOf, misconfigured, refuseUnknown } from '../error/option-errors.js';
import { ChatDatabase } from './chat-database.js';
import type { ChatDatabaseOptions } from './database.options.js';
import { EmbeddedDialect } from './embedded/embedded-dialect.js';
import { SqliteFile } from './embedded/sqlite-file.js';
import { DEFAULT_SCHEMAS } from './migrate.js';

/** A client of `pg` reports the end of its connection as an event. */
interface EventSource {
  on(event: 'error', listener: () => void): unknown;
}

/** All options; a missing one and a foreign one do not compile. */
const OPTIONS = Object.keys({
  file: true,
  postgres: true,
  schema: true,
  migrations: true,
  poolSize: true,
  busyTimeoutMs: true,
  maxQueuedQueries: true,
} satisfies Readonly<Record<keyof ChatDatabaseOptions, true>>);
const NUMBERS = ['poolSize', 'busyTimeoutMs', 'maxQueuedQueries'] as const;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,47}$/;

/**
 * Opens the database of the options; creates no tables.
 *
 * @throws {ChatError} CHAT_CONFIGURATION when the options contradict themselves, or `pg` is not installed
 */
export async function openDatabase(options: ChatDatabaseOptions = {}): Promise<ChatDatabase> {
  refuseUnknown('database', options, OPTIONS);
  const { file, postgres, schema, migrations = 'run' } = options;
  demandOneOf('database.migrations', migrations, ['run', 'check']);
  if (file !== undefined && postgres !== undefined)
    throw misconfigured('database.file and database.postgres are both set. Keep one');
  if (schema !== undefined && !NAME.test(schema))
    throw misconfigured(`database.schema is 1 to 48 letters, digits and underscores; got '${schema}'`);
  for (const name of NUMBERS)
    if (options[name] !== undefined && !(Number.isInteger(options[name]) && options[name] >= 1))
      throw misconfigured(`database.${name} is a whole number from 1 on; got ${options[name]}`);
  return postgres === undefined ? openFile(options) : openPostgres(options);
}

function openFile(options: ChatDatabaseOptions): ChatDatabase {
  const { file = DEFAULT_FILE, schema = DEFAULT_SCHEMAS.sqlite } = options;
  const { busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS, maxQueuedQueries = DEFAULT_MAX_QUEUED_QUERIES } = options;
  if (file === '' || file.startsWith(':'))
    throw misconfigured(
      'database.file is the path of a file; two connections share it, so it is not in memory',
    );
  const sqlite = new SqliteFile({ file: resolve(file), busyTimeoutMs, maxQueuedQueries });
  return new ChatDatabase({
    kind: 'sqlite',
    schema,
    write: new EmbeddedDialect(sqlite, 'write'),
    read: new EmbeddedDialect(sqlite, 'read'),
    close: () => sqlite.close(),
  });
}

async function openPostgres({ postgres, schema, poolSize }: ChatDatabaseOptions): Promise<ChatDatabase> {
  const isOwn = typeof postgres === 'string';
  const pool = isOwn
    ? await ownPool(postgres, poolSize ?? DEFAULT_POOL_SIZE)
    : (postgres as unknown as PostgresPool);
  const dialect = new PostgresDialect({ pool: survivingPool(pool) });
  return new ChatDatabase({
    kind: 'postgres',
    schema: schema ?? DEFAULT_SCHEMAS.postgres,
    write: dialect,
    read: dialect,
    close: async () => (isOwn ? pool.end() : undefined),
  });
}

async function ownPool(connectionString: string, max: number): Promise<PostgresPool> {
  const pg = await import('pg').catch((cause: unknown) => {
    throw misconfigured('database.postgres needs the package pg. Install it: npm install pg', cause);
  });
  const pool = new pg.default.Pool({ connectionString, max, connectionTimeoutMillis: 10_000 });
  // An idle connection that breaks is replaced; the next query reports a server that stays away.
  pool.on('error', () => undefined);
  return pool as unknown as PostgresPool;
}

/**
 * Keeps the process alive when the server ends a connection that is in use between two queries.
 *
 * A client reports this as an event too, which ends a process without a listener; its next query reports it as well.
 */
function survivingPool(pool: PostgresPool): PostgresPool {
  const known = new WeakSet<PostgresPoolClient>();
  return {
    connect: async () => {
      const client = await pool.connect();
      if (!known.has(client)) (client as Partial<EventSource>).on?.('error', () => undefined);
      known.add(client);
      return client;
    },
    end: () => pool.end(),
  };
}

/** The default of `database.file`, in the working directory. */
export const DEFAULT_FILE = 'nestwire-chat.sqlite';
/** The default of `database.busyTimeoutMs`, in milliseconds. */
export const DEFAULT_BUSY_TIMEOUT_MS = 5_000;
/** The default of `database.maxQueuedQueries`. */
export const DEFAULT_MAX_QUEUED_QUERIES = 10_000;
/** The default of `database.poolSize`. */
export const DEFAULT_POOL_SIZE = 10;
