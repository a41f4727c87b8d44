import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
} from 'kysely';
import { ChatError, ChatErrorCode } from '../../error/chat-error.js';
import type { SqliteConnection, SqliteFile } from './sqlite-file.js';

/** Runs the queries of Kysely in the thread of a SQLite file. */
export class EmbeddedDialect implements Dialect {
  constructor(
    private readonly file: SqliteFile,
    private readonly connection: SqliteConnection,
  ) {}

  createDriver(): Driver {
    return new EmbeddedDriver(this.file, this.connection);
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new SqliteAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}

/** Gives the one connection that writes to one user at a time, in the order of arrival. */
class EmbeddedDriver implements Driver {
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly file: SqliteFile,
    private readonly name: SqliteConnection,
  ) {}

  async init(): Promise<void> {}

  async acquireConnection(): Promise<EmbeddedConnection> {
    const connection = new EmbeddedConnection(this.file, this.name);
    if (this.name === 'read') return connection;
    const earlier = this.last;
    this.last = connection.released;
    await earlier;
    return connection;
  }

  async beginTransaction(connection: EmbeddedConnection): Promise<void> {
    await connection.begin();
  }

  async commitTransaction(connection: EmbeddedConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('COMMIT'));
  }

  async rollbackTransaction(connection: EmbeddedConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('ROLLBACK'));
  }

  async releaseConnection(connection: EmbeddedConnection): Promise<void> {
    connection.release();
  }

  async destroy(): Promise<void> {}
}

class EmbeddedConnection implements DatabaseConnection {
  release!: () => void;
  readonly released = new Promise<void>((resolve) => (this.release = resolve));
  /** The thread that has the transaction; undefined outside of one. */
  private thread: number | undefined;

  constructor(
    private readonly file: SqliteFile,
    private readonly name: SqliteConnection,
  ) {}

  /** Begins a transaction that takes the lock of the file at once, so that it cannot fail half-way. */
  async begin(): Promise<void> {
    await this.executeQuery(CompiledQuery.raw('BEGIN IMMEDIATE'));
    this.thread = this.file.thread;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (this.thread !== undefined && this.thread !== this.file.thread)
      throw new ChatError(ChatErrorCode.Unavailable, 'The thread of the transaction ended. Try again.', {
        retryAfterMs: 1_000,
      });
    return { rows: (await this.file.query(this.name, sql, parameters)) as R[] };
  }

  // oxlint-disable-next-line require-yield -- Kysely asks for the method; nothing in the chat streams rows
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new ChatError(
      ChatErrorCode.Configuration,
      'The embedded database does not stream rows. Read pages.',
    );
  }
}
