import { Worker } from 'node:worker_threads';
import { ChatError, ChatErrorCode } from '../../error/chat-error.js';

/** A connection of the file: one writes, one reads what is committed. */
export type SqliteConnection = 'read' | 'write';

/** The row of a result. */
export type Row = Record<string, unknown>;

/** An error of SQLite, with its code, such as `SQLITE_BUSY`. */
export class SqliteError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'SqliteError';
  }
}

/** The settings of a SQLite file. */
export interface SqliteFileSettings {
  readonly file: string;
  /** The longest wait for another process that writes, in milliseconds. */
  readonly busyTimeoutMs: number;
  /** The most queries that wait for the thread; more are refused. */
  readonly maxQueuedQueries: number;
}

interface Answer {
  readonly id: number;
  readonly rows?: Row[];
  readonly error?: { readonly code: string; readonly message: string };
}

interface Waiting {
  readonly resolve: (rows: Row[]) => void;
  readonly reject: (error: Error) => void;
}

/** A SQLite file whose queries run in a thread of their own. */
export class SqliteFile {
  private worker: Worker | undefined;
  private isClosed = false;
  private lastId = 0;
  private threads = 0;
  private readonly waiting = new Map<number, Waiting>();

  constructor(private readonly settings: SqliteFileSettings) {}

  /** The number of the present thread. A transaction ends with the thread that began it. */
  get thread(): number {
    return this.threads;
  }

  /**
   * Runs one statement; resolves to its rows.
   *
   * @throws {ChatError} CHAT_OVERLOADED when too many queries wait; CHAT_UNAVAILABLE when the thread ends
   * @throws {SqliteError} when SQLite refuses the statement
   */
  query(connection: SqliteConnection, sql: string, params: readonly unknown[]): Promise<Row[]> {
    if (this.isClosed) return Promise.reject(unavailable('The database is closed.'));
    const { maxQueuedQueries } = this.settings;
    if (this.waiting.size >= maxQueuedQueries) return Promise.reject(overloaded(maxQueuedQueries));
    return this.send(connection, sql, params);
  }

  /** Closes the file after the queries that were sent. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const { worker } = this;
    if (!worker) return;
    // The thread answers in order, so all earlier queries have their answers after this one.
    await this.send('read', 'SELECT 1', []).catch(() => undefined);
    this.worker = undefined;
    await worker.terminate();
  }

  private send(connection: SqliteConnection, sql: string, params: readonly unknown[]): Promise<Row[]> {
    const worker = (this.worker ??= this.start());
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      if (this.waiting.size === 0) worker.ref();
      this.waiting.set(id, { resolve, reject });
      worker.postMessage({ id, connection, sql, params });
    });
  }

  private start(): Worker {
    const { file, busyTimeoutMs } = this.settings;
    const url = new URL('./sqlite-worker.mjs', import.meta.url);
    const worker = new Worker(url, { workerData: { file, busyTimeoutMs } });
    this.threads += 1;
    worker.unref();
    worker.on('message', (answer: Answer) => this.receive(worker, answer));
    worker.on('error', (error) => this.lose(worker, error));
    worker.on('exit', () => this.lose(worker));
    return worker;
  }

  private receive(worker: Worker, { id, rows, error }: Answer): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (this.waiting.size === 0) worker.unref();
    if (error) waiting?.reject(new SqliteError(error.code, error.message));
    else waiting?.resolve(rows ?? []);
  }

  /** The next query starts another thread. */
  private lose(worker: Worker, cause?: unknown): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    // From now on a transaction of this thread is over, also before the next thread starts.
    this.threads += 1;
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost) reject(unavailable('The thread of the database ended.', cause));
  }
}

function unavailable(text: string, cause?: unknown): ChatError {
  return new ChatError(ChatErrorCode.Unavailable, `${text} Try again.`, { cause, retryAfterMs: 1_000 });
}

function overloaded(queries: number): ChatError {
  const text = `${queries} queries wait for the embedded database. Try again, or use PostgreSQL.`;
  return new ChatError(ChatErrorCode.Overloaded, text, { retryAfterMs: 1_000 });
}
