import { CodedError, ErrorCode, type WireError } from '@nestwire/protocol';

const MAX_TEXT = 300;
const MAX_CODE = 64;

/** Creates the error of a request that the client did not answer in time. */
export function requestTimeout(type: string, timeoutMs: number): CodedError {
  return new CodedError(
    ErrorCode.RequestTimeout,
    `The client did not answer the request "${type}" within ${timeoutMs} ms; it may have handled it. Raise ` +
      '"timeoutMs", or check what the client did before you ask again.',
  );
}

/** Creates the error of a request that the client refused, its cause. */
export function requestRefused(type: string, { code, message, details }: WireError): CodedError {
  const cause = new CodedError(code.slice(0, MAX_CODE), message.slice(0, MAX_TEXT), { details });
  const text = `The client refused the request "${type}" with ${cause.code}: ${cause.message}`;
  return new CodedError(ErrorCode.RequestRefused, text, { cause });
}

/** Creates the error of a request whose session ended before the reply. */
export function requestUncertain(type: string, reason: string): CodedError {
  return new CodedError(
    ErrorCode.Uncertain,
    `The session ended before the client answered the request "${type}"; it may have handled it: ${reason}`,
  );
}

/** Creates the error of a request whose signal aborted. */
export function requestAborted(type: string, cause: unknown): CodedError {
  return new CodedError(ErrorCode.Aborted, `The request "${type}" was withdrawn.`, { cause });
}

/** Creates the error of a reply of a class that the request does not name. */
export function wrongReply(type: string, names: readonly string[]): CodedError {
  const expected = names.map((name) => `"${name}"`).join(' or ');
  return new CodedError(
    ErrorCode.InvalidMessage,
    `The client answered with "${type.slice(0, MAX_CODE)}" instead of ${expected}.`,
  );
}

/** Creates the error of a request beyond the bound of its session or connection. */
export function tooManyRequests(limit: 'maxRequests' | 'maxRequestsPerConnection', most: number): CodedError {
  const place = limit === 'maxRequests' ? 'session' : 'connection';
  return new CodedError(
    ErrorCode.LimitReached,
    `The ${place} has ${most} requests without an answer (${limit}). Wait for answers, or raise the limit.`,
  );
}
