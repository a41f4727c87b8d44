import { CodedError, type ErrorCode } from '@nestwire/protocol';

/** Makes an error of the client itself. */
export function clientError(code: ErrorCode, message: string, cause?: unknown): CodedError {
  return new CodedError(code, message, cause === undefined ? {} : { cause });
}
