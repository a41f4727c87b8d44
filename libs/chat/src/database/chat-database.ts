import { WithSchemaPlugin, type Dialect, Kysely } from 'kysely';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { callerDialect, type ChatTransaction } from './caller-transaction.js';
import type { ChatTables } from './chat-tables.js';
import type { DatabaseKind } from './database-kind.js';
import { isConnectionLoss, isRetryable } from './failures.js';
import { NumberColumns } from './number-columns.js';
import { TablePrefix } from './table-prefix.js';

/** The queries of the chat, outside or inside of a transaction. */
export type Queries = Kysely<ChatTables>;

/** The ways into an open database. */
export interface DatabaseAccess {
  readonly kind: DatabaseKind;
  /** The schema of the tables, or the prefix of their names. */
  readonly schema: string;
  readonly write: Dialect;
  /** Reads beside a transaction that writes; the same as `write` where connections are many. */
  readonly read: Dialect;
  readonly close: () => Promise<void>;
}

/** How often a transaction runs that the database ended for the sake of another one. */
const MOST_ATTEMPTS = 5;

/** The database of the chat, with reads and transactions. */
export class ChatDatabase {
  readonly kind: DatabaseKind;
  readonly schema: string;
  private readonly writer: Queries;
  private readonly reader: Queries;
  private closing: Promise<void> | undefined;

  constructor(private readonly access: DatabaseAccess) {
    this.kind = access.kind;
    this.schema = access.schema;
    this.writer = this.queriesOver(access.write);
    this.reader = access.read === access.write ? this.writer : this.queriesOver(access.read);
  }

  /**
   * Runs queries that change nothing, on what is committed.
   *
   * @throws {ChatError} CHAT_UNAVAILABLE when the database cannot be reached
   */
  async read<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return this.translated(() => work(this.reader));
  }

  /**
   * Runs queries in one transaction: a new one, or that of the application.
   *
   * A transaction that loses against another one runs again, up to five times; that of an application does not.
   *
   * @throws {ChatError} CHAT_UNAVAILABLE when the database cannot be reached
   */
  async transaction<T>(work: (queries: Queries) => Promise<T>, tx?: ChatTransaction): Promise<T> {
    if (tx) return work(this.queriesOver(callerDialect(this.kind, tx)));
    for (let attempt = 1; ; attempt++)
      try {
        return await this.translated(() => this.writer.transaction().execute(work));
      } catch (error) {
        if (attempt === MOST_ATTEMPTS || !isRetryable(error)) throw error;
      }
  }

  /** Closes the connections that the chat has opened. */
  close(): Promise<void> {
    return (this.closing ??= this.access.close());
  }

  private queriesOver(dialect: Dialect): Queries {
    const plugins = [new WithSchemaPlugin(this.schema), new NumberColumns()];
    if (this.kind === 'sqlite') plugins.splice(1, 0, new TablePrefix());
    return new Kysely<ChatTables>({ dialect, plugins });
  }

  private async translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      throw new ChatError(
        ChatErrorCode.Unavailable,
        'The database of the chat cannot be reached. Try again with the same client id.',
        { cause: error, retryAfterMs: 1_000 },
      );
    }
  }
}
