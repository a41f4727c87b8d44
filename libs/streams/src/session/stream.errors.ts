import { CodedError, ErrorCode } from '@nestwire/protocol';
import type { SessionCloseReason } from './session-close-reason.js';

/** Makes the error of a frame for an endpoint that is not there. */
export function unknownEndpoint(name: string): CodedError {
  return new CodedError(ErrorCode.UnknownEndpoint, `There is no endpoint "${name.slice(0, 64)}".`);
}

/** Makes the error of an `open` whose stream key the endpoint does not accept. */
export function streamKeyMismatch(endpoint: string): CodedError {
  return new CodedError(
    ErrorCode.StreamKeyMismatch,
    `The key of the stream of "${endpoint}" is the endpoint's name: leave "stream" out of "open".`,
  );
}

/** Makes the error of a frame for a stream that is not open. */
export function streamNotOpen(stream: string): CodedError {
  return new CodedError(ErrorCode.StreamNotOpen, `The stream of "${stream}" is not open: send "open" first.`);
}

/** Makes the error of what waited for a session that has ended. */
export function sessionClosed({ message }: SessionCloseReason): CodedError {
  return new CodedError(ErrorCode.SessionClosed, `The session has ended: ${message}`);
}

/** Makes the error of a frame that the former identity of the connection sent. */
export function identityChanged(): CodedError {
  return new CodedError(
    ErrorCode.IdentityChanged,
    'It was not handled: the connection belongs to another user now. Send it again if that user is to send it.',
  );
}

/** Makes the error of a stream too many for its connection. */
export function tooManyStreams(limit: number): CodedError {
  return new CodedError(
    ErrorCode.LimitReached,
    `This connection has ${limit} streams, the most it may have.`,
  );
}

/** Makes the error of a frame too many for a stream that opens or closes. */
export function tooManyFrames(stream: string, limit: number): CodedError {
  const message =
    `${limit} frames wait for the stream of "${stream}" to open or close already: wait for answers, ` +
    'or raise "limits.maxPendingMessages".';
  return new CodedError(ErrorCode.Busy, message, { retryAfterMs: 100 });
}

/** Makes the error of a message that is too much for its connection. */
export function tooManyBytes(limit: number): CodedError {
  const message =
    `More than ${limit} bytes would wait for the handlers of this connection: wait for answers, ` +
    'or raise "limits.maxPendingBytes".';
  return new CodedError(ErrorCode.Busy, message, { retryAfterMs: 100 });
}

/** Makes the error of a message too many for its stream. */
export function busy(limit: number): CodedError {
  const message = `${limit} messages of this stream wait for their answer already: wait for answers, or raise "limits.maxPendingMessages".`;
  return new CodedError(ErrorCode.Busy, message, { retryAfterMs: 100 });
}

/** Makes the error of a handler that took too long. */
export function handlerTimeout(endpoint: string, timeoutMs: number): CodedError {
  const message = `A handler of "${endpoint}" did not finish within ${timeoutMs} ms; it may still finish. Raise "limits.handlerTimeoutMs" if it needs longer.`;
  return new CodedError(ErrorCode.HandlerTimeout, message);
}

/** Makes the error of a message that was sent again and may have been handled. */
export function uncertain(why: string): CodedError {
  return new CodedError(ErrorCode.Uncertain, `The message may have been handled. ${why}`);
}

/** Makes the error of a message for a handler that runs once, without an id. */
export function clientIdRequired(type: string): CodedError {
  const message = `Messages "${type}" are handled once, and this client gave no id to tell them by: send "client" in hello, and let "limits.resendWindowMs" be above 0.`;
  return new CodedError(ErrorCode.ClientIdRequired, message);
}
