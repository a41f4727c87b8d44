/** The part of a pool of `pg` that the chat needs. */
export interface PgPoolLike {
  connect(): Promise<unknown>;
  end(): Promise<void>;
}

/** The options of the database of the chat. */
export interface ChatDatabaseOptions {
  /**
   * The path of the embedded SQLite file, for one machine. Two processes may share it.
   *
   * @default 'nestwire-chat.sqlite'
   */
  readonly file?: string;
  /** The URL of PostgreSQL, or a pool of `pg`, which the application closes. Without it, the file is used. */
  readonly postgres?: string | PgPoolLike;
  /**
   * The schema of the tables on PostgreSQL, or the prefix of their names on SQLite.
   *
   * @default 'nestwire_chat', and 'nestwire_chat_' on SQLite
   */
  readonly schema?: string;
  /**
   * `run` applies migrations at the start, under a lock. `check` refuses to start with older tables.
   *
   * @default 'run'
   */
  readonly migrations?: 'run' | 'check';
  /**
   * The most connections to PostgreSQL, for a URL.
   *
   * @default 10
   */
  readonly poolSize?: number;
  /**
   * The longest wait for another process that writes to the file, in milliseconds.
   *
   * @default 5_000
   */
  readonly busyTimeoutMs?: number;
  /**
   * The most queries that wait for the file; more are refused with CHAT_OVERLOADED.
   *
   * @default 10_000
   */
  readonly maxQueuedQueries?: number;
}
