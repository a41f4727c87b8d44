import { CodedError, type ErrorCode } from '@nestwire/protocol';

/** Makes an error of the client itself; `docs/errors.md` says more about each code. */
export function clientError(
  code: ErrorCode,
  what = 'see docs/errors.md',
  options?: ErrorOptions,
): CodedError {
  return new CodedError(code, `${code}: ${what}`, options);
}
