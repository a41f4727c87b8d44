const RETRYABLE = new Set(['40001', '40P01', 'SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT']);
/** Codes of Node, of the `pg` driver and of PostgreSQL's class 08 and shutdowns. */
const LOST =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|ENOENT|08...|57P0[123]|53300|SQLITE_IOERR.*|SQLITE_BUSY.*)$/;
const LOST_TEXT =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying/;

/** Tells whether a transaction lost against another one and can run again. */
export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(codeOf(error)) || RETRYABLE.has(codeOf((error as Error)?.cause));
}

/** Tells whether an error says that the database cannot be reached now. */
export function isConnectionLoss(error: unknown): boolean {
  const { message = '' } = (error ?? {}) as { message?: string };
  return LOST.test(codeOf(error)) || LOST_TEXT.test(message);
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
