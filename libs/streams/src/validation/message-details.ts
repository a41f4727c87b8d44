import { CodedError, ErrorCode, type ErrorDetail } from '@nestwire/protocol';

/** How many places the refusal of a message names. */
export const MAX_DETAILS = 20;
/** The longest path that is told, in characters. */
export const MAX_PATH = 128;
const MAX_TEXT = 300;
const NEWER_CLIENT =
  ' The client may be newer than the server: deploy the server first, or add the property to its class.';

/**
 * Makes the error that names what is wrong with a message, and where; at most 20
 * places.
 */
export function invalidMessage(found: Iterable<ErrorDetail>, cause?: unknown): CodedError {
  const details: ErrorDetail[] = [];
  for (const { path, message, code } of found) {
    if (details.length === MAX_DETAILS) break;
    details.push({
      path: path.slice(0, MAX_PATH),
      message: message.slice(0, MAX_TEXT),
      ...(code !== undefined && { code }),
    });
  }
  const first = details[0]?.message ?? 'it does not have the shape of its class';
  const text = `The message is not valid: ${first}.${hintFor(details)}`;
  return new CodedError(ErrorCode.InvalidMessage, text, { details, cause });
}

/** Makes the detail for a key in data that is no property of the class. */
export function unknownProperty(path: string, key: string): ErrorDetail {
  return { path, message: `property ${key} should not exist`, code: ErrorCode.UnknownProperty };
}

/** Returns what to say of unknown properties, where there are some. */
export function hintFor(details: readonly ErrorDetail[]): string {
  return details.some(({ code }) => code === ErrorCode.UnknownProperty) ? NEWER_CLIENT : '';
}
