import { CodedError } from '@nestwire/protocol';

/** Errors after which the same request can succeed later, or may have succeeded. */
const PASSING =
  /^(\w+_TIMEOUT|BUSY|CALL_LOST|CANCELLED|CHAT_OVERLOADED|DEADLINE_EXCEEDED|DRAINING|IDENTITY_CHANGED|INTERNAL|LIMIT_REACHED|NOT_CONNECTED|QUEUE_FULL|RATE_LIMITED|(CLIENT|SESSION)_CLOSED|STREAM_NOT_OPEN|TOO_MANY_(CALLS|PRESENCES|STREAMS|SUBSCRIPTIONS)|(CHAT_)?UNAVAILABLE|UNCERTAIN)$/;

/** The first and the longest wait before an attempt, in milliseconds. */
const MIN_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

/** Returns true when the same request can succeed later. */
export function isPassing({ code }: CodedError): boolean {
  return PASSING.test(code);
}

/** Returns the wait before an attempt, after failures in a row. */
export function retryMs(failures: number, { retryAfterMs = 0 }: CodedError): number {
  return Math.max(retryAfterMs, Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(failures, 10)));
}

/** Returns any error as a coded one. */
export function codedError(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  return new CodedError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });
}

/**
 * Returns the error of a failure that is final.
 *
 * It throws an error that passes, after which a task repeats its work.
 */
export function finalError(failure: unknown): CodedError {
  const error = codedError(failure);
  if (isPassing(error)) throw error;
  return error;
}
