import { CodedError, ErrorCode } from '@nestwire/protocol';
import type { SessionCloseReason } from './session-close-reason.js';

/** Creates the error of a frame for an unknown endpoint. */
export function unknownEndpoint(name: string): CodedError {
  return new CodedError(ErrorCode.UnknownEndpoint, `There is no endpoint "${name.slice(0, 64)}".`);
}

/** Creates the error of an `open` whose stream key the endpoint does not accept. */
export function streamKeyMismatch(endpoint: string): CodedError {
  return new CodedError(
    ErrorCode.StreamKeyMismatch,
    `The key of the stream of "${endpoint}" is the endpoint's name: leave "stream" out of "open".`,
  );
}

/** Creates the error of an `open` with parameters and without a key for them. */
export function streamKeyRequired(endpoint: string): CodedError {
  return new CodedError(
    ErrorCode.StreamKeyMismatch,
    `Each set of parameters of "${endpoint}" has its own stream: give it a key in "stream" that does not begin with a letter.`,
  );
}

/** Creates the error of an `open` whose key or parameters are in use. */
export function streamKeyInUse(stream: string, openKey: string | undefined): CodedError {
  const message =
    openKey === undefined
      ? `The key "${stream}" belongs to a stream with other parameters: choose another key.`
      : `The stream with these parameters is open already, and its key is "${openKey}": use that key.`;
  return new CodedError(ErrorCode.StreamKeyMismatch, message);
}

/** Creates the error of an `open` with parameters for an endpoint without them. */
export function noParams(endpoint: string): CodedError {
  return new CodedError(ErrorCode.InvalidParams, `"${endpoint}" takes no parameters: leave "params" out.`);
}

/** Creates the error of an `open` without parameters for an endpoint with them. */
export function paramsRequired(endpoint: string): CodedError {
  return new CodedError(ErrorCode.InvalidParams, `"${endpoint}" takes parameters: send them in "params".`);
}

/** Creates the error of a frame for a stream that is not open. */
export function streamNotOpen(stream: string): CodedError {
  return new CodedError(ErrorCode.StreamNotOpen, `The stream of "${stream}" is not open: send "open" first.`);
}

/** Creates the error of an operation on a session that has ended. */
export function sessionClosed({ message }: SessionCloseReason): CodedError {
  return new CodedError(ErrorCode.SessionClosed, `The session has ended: ${message}`);
}

/** Creates the error of a frame that the former identity of the connection sent. */
export function identityChanged(): CodedError {
  return new CodedError(
    ErrorCode.IdentityChanged,
    'It was not handled, because the connection has another user now. Send it again if that user should send it.',
  );
}

/** Creates the error of a connection with too many streams. */
export function tooManyStreams(limit: number): CodedError {
  return new CodedError(
    ErrorCode.TooManyStreams,
    `This connection has reached its limit of ${limit} streams: close some, or raise "limits.maxStreams".`,
  );
}

/** Creates the error of too many frames for a stream that opens or closes. */
export function tooManyFrames(stream: string, limit: number): CodedError {
  const message =
    `${limit} frames already wait for the stream "${stream}" to open or close: wait for answers, ` +
    'or raise "limits.maxPendingMessages".';
  return new CodedError(ErrorCode.Busy, message, { retryAfterMs: 100 });
}

/** Creates the error of a message that exceeds the waiting bytes of its connection. */
export function tooManyBytes(limit: number): CodedError {
  const message =
    `More than ${limit} bytes would wait for the handlers of this connection: wait for answers, ` +
    'or raise "limits.maxPendingBytes".';
  return new CodedError(ErrorCode.Busy, message, { retryAfterMs: 100 });
}

/** Creates the error of too many messages without an answer. */
export function busy(limit: number): CodedError {
  const message = `${limit} messages of this stream have no answer yet: wait for answers, or raise "limits.maxPendingMessages".`;
  return new CodedError(ErrorCode.Busy, message, { retryAfterMs: 100 });
}

/** Creates the error of a handler that exceeded its time. */
export function handlerTimeout(endpoint: string, timeoutMs: number): CodedError {
  const message = `A handler of "${endpoint}" did not finish within ${timeoutMs} ms; it may still finish. Raise "limits.handlerTimeoutMs" if it needs longer.`;
  return new CodedError(ErrorCode.HandlerTimeout, message);
}

/** Creates the error of a redelivered message that may have been handled. */
export function possiblyHandled(why: string): CodedError {
  return new CodedError(ErrorCode.Uncertain, `The message may have been handled. ${why}`);
}

/** Creates the error of a message without an id for a handler with `once`. */
export function clientIdRequired(type: string): CodedError {
  const message = `Messages "${type}" are handled once, and this client has no id: send "client" in hello, and let "limits.resendWindowMs" be above 0.`;
  return new CodedError(ErrorCode.ClientIdRequired, message);
}
