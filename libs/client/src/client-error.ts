import { CodedError, type ErrorCode } from '@nestwire/protocol';
import type { ConnectionStatus } from './connection/connection-status.js';

/** Makes an error of the client itself; `docs/errors.md` says more about each code. */
export function clientError(
  code: ErrorCode,
  what = 'see docs/errors.md',
  options?: ErrorOptions,
): CodedError {
  return new CodedError(code, `${code}: ${what}`, options);
}

/** Makes the error of a call that finds the client closed. */
export function closedError(status: ConnectionStatus): CodedError {
  return clientError('CLIENT_CLOSED', JSON.stringify(status));
}
