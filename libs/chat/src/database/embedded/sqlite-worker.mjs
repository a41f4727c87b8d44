// Runs the queries of one SQLite file in its own thread, so that no query blocks the event loop of the server.
import Database from 'libsql';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * @typedef {object} QueryRequest
 * @property {number} id
 * @property {'read' | 'write'} connection
 * @property {string} sql
 * @property {readonly unknown[]} params
 */

/** The most statements that a connection keeps prepared. */
const MAX_STATEMENTS = 200;

/**
 * Opens a connection to the file. A writer waits for another process at most so many milliseconds.
 *
 * @param {string} pragmas
 */
function open(pragmas) {
  const { file, busyTimeoutMs } = workerData;
  const database = new Database(file);
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}; ${pragmas}`);
  /** @type {Map<string, import('libsql').Statement>} */
  const statements = new Map();
  return { database, statements };
}

// Full synchronization: a stored message survives a power failure.
const write = open('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
const read = open('PRAGMA query_only = ON;');

/**
 * Prepares a statement, or takes the prepared one; the statement used last is forgotten last.
 *
 * @param {ReturnType<typeof open>} connection
 * @param {string} sql
 */
function statementOf({ database, statements }, sql) {
  const statement = statements.get(sql) ?? database.prepare(sql);
  statements.delete(sql);
  statements.set(sql, statement);
  if (statements.size > MAX_STATEMENTS) statements.delete(statements.keys().next().value ?? '');
  return statement;
}

parentPort?.on('message', (/** @type {QueryRequest} */ { id, connection, sql, params }) => {
  try {
    const rows = statementOf(connection === 'read' ? read : write, sql).all([...params]);
    parentPort?.postMessage({ id, rows });
  } catch (error) {
    const { code, message } = /** @type {{ code?: string, message: string }} */ (error);
    parentPort?.postMessage({ id, error: { code: code ?? 'SQLITE_ERROR', message } });
  }
});
