import { CodedError, ErrorCode, type ErrorDetail } from '@nestwire/protocol';

/** How many places the refusal of a message names. */
export const MAX_DETAILS = 20;
/** The longest path that is told, in characters. */
export const MAX_PATH = 128;
const MAX_TEXT = 300;

/**
 * Makes the error that names what is wrong with a message, and where; at most 20
 * places.
 */
export function invalidMessage(found: Iterable<ErrorDetail>, cause?: unknown): CodedError {
  const details: ErrorDetail[] = [];
  for (const { path, message } of found) {
    if (details.length === MAX_DETAILS) break;
    details.push({ path: path.slice(0, MAX_PATH), message: message.slice(0, MAX_TEXT) });
  }
  const first = details[0]?.message ?? 'it does not have the shape of its class';
  return new CodedError(ErrorCode.InvalidMessage, `The message is not valid: ${first}.`, { details, cause });
}
