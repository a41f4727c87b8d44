import { CodedError, ErrorCode, type ErrorDetail } from '@nestwire/protocol';

/** The maximum number of details of an invalid message. */
export const MAX_DETAILS = 20;
/** The maximum length of a path in details, in characters. */
export const MAX_PATH = 128;
const MAX_TEXT = 300;
const NEWER_CLIENT =
  ' The client may be newer than the server. Deploy the server first, or add the property to its class, or set ' +
  `"unknownProperties" to 'strip'.`;

/** Makes the error of an invalid message, with at most 20 details. */
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

/** Makes the detail of a key that is no property of the class. */
export function unknownProperty(path: string, key: string): ErrorDetail {
  return { path, message: `property ${key} should not exist`, code: ErrorCode.UnknownProperty };
}

/** Returns a hint when the details contain unknown properties; else an empty text. */
export function hintFor(details: readonly ErrorDetail[]): string {
  return details.some(({ code }) => code === ErrorCode.UnknownProperty) ? NEWER_CLIENT : '';
}
