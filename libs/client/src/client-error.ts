import { CodedError, type ErrorCode, type WireError } from '@nestwire/protocol';
import type { ConnectionStatus } from './connection/connection-status.js';

/** Makes an error of the client itself; `docs/errors.md` explains each code. */
export function clientError(
  code: ErrorCode,
  what = 'see docs/errors.md',
  options?: ErrorOptions,
): CodedError {
  return new CodedError(code, `${code}: ${what}`, options);
}

/** Copies an error, such as one of a frame; the stack of the copy begins here. */
export function copyOf(error: WireError): CodedError {
  return new CodedError(error.code, error.message, error);
}

type ClosedStatus = Extract<ConnectionStatus, { kind: 'closed' }>;

/** Makes the error of a call on a closed client. */
export function closedError(status: ConnectionStatus): CodedError {
  const { code, reason } = status as ClosedStatus;
  return clientError('CLIENT_CLOSED', `${reason} (${code}); call connectWebSocket() again`);
}

/** Makes the error of a call that needs a connection. */
export function notConnectedError(): CodedError {
  return clientError('NOT_CONNECTED', "call connectWebSocket(), or use offline: 'queue'");
}
