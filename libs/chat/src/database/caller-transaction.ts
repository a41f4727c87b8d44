import {
  CompiledQuery,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
} from 'kysely';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { DatabaseKind } from './database-kind.js';

/**
 * A transaction of the application.
 *
 * Its database has the tables of the chat. The application begins, commits and rolls back. Parameters are `$1`, `$2` … on PostgreSQL and `?` on SQLite.
 */
export interface ChatTransaction {
  /** Runs one statement; resolves to its rows, in order. */
  query(sql: string, params: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
}

/** The part of a client of `pg` that a transaction needs. */
export interface PgClientLike {
  query(sql: string, params: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** The part of a transaction of Kysely that the chat needs. */
export interface KyselyTransactionLike {
  executeQuery(query: CompiledQuery): Promise<{ rows: unknown[] }>;
}

/** Makes a transaction of a client of `pg` that has begun one. */
export function pgTransaction(client: PgClientLike): ChatTransaction {
  return { query: async (sql, params) => (await client.query(sql, [...params])).rows };
}

/** Makes a transaction of a transaction of Kysely. */
export function kyselyTransaction(transaction: KyselyTransactionLike): ChatTransaction {
  return {
    query: async (sql, params) => {
      const { rows } = await transaction.executeQuery(CompiledQuery.raw(sql, [...params]));
      return rows as Record<string, unknown>[];
    },
  };
}

/** Returns a dialect that runs all queries in the transaction of the application. */
export function callerDialect(kind: DatabaseKind, tx: ChatTransaction): Dialect {
  const isPostgres = kind === 'postgres';
  return {
    createDriver: () => new CallerDriver(tx),
    createQueryCompiler: () => (isPostgres ? new PostgresQueryCompiler() : new SqliteQueryCompiler()),
    createAdapter: () => (isPostgres ? new PostgresAdapter() : new SqliteAdapter()),
    createIntrospector: (db: Kysely<unknown>) =>
      isPostgres ? new PostgresIntrospector(db) : new SqliteIntrospector(db),
  };
}

/** Leaves the begin and the end of the transaction to the application. */
class CallerDriver implements Driver {
  constructor(private readonly tx: ChatTransaction) {}

  async init(): Promise<void> {}

  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(new CallerConnection(this.tx));
  }

  beginTransaction(): Promise<void> {
    return Promise.reject(nested());
  }

  commitTransaction(): Promise<void> {
    return Promise.reject(nested());
  }

  rollbackTransaction(): Promise<void> {
    return Promise.reject(nested());
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

class CallerConnection implements DatabaseConnection {
  constructor(private readonly tx: ChatTransaction) {}

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    return { rows: [...(await this.tx.query(sql, parameters))] as R[] };
  }

  // oxlint-disable-next-line require-yield -- Kysely asks for the method; nothing in the chat streams rows
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw nested();
  }
}

function nested(): ChatError {
  return new ChatError(
    ChatErrorCode.Configuration,
    'The chat neither begins transactions nor streams rows inside of a transaction of the application.',
  );
}
