import { CodedError, ErrorCode, type ErrorDetail } from '@nestwire/protocol';
import type { ValidationError } from 'class-validator';

const MAX_DETAILS = 20;
const MAX_PATH = 128;
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

/**
 * Yields what class-validator found, paths reaching into nested objects:
 * `items.2.name`.
 */
export function* detailsOf(errors: readonly ValidationError[], parent = ''): Generator<ErrorDetail> {
  for (const { property, constraints, children } of errors) {
    const path = [parent, property].filter((part) => part !== '' && part !== undefined).join('.');
    for (const message of Object.values(constraints ?? {})) yield { path, message };
    if (children?.length) yield* detailsOf(children, path);
  }
}
