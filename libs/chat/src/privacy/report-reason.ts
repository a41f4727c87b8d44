import { checkText } from '../limits/checks.js';

/** The longest reason of a report, in UTF-16 units. */
export const MAX_REASON = 1_000;

/**
 * Returns the reason of a report, checked.
 *
 * @throws {ChatError} CHAT_INVALID when it is empty; CHAT_LIMIT_EXCEEDED when it is too long
 */
export function checkReason(reason: string): string {
  return checkText('The reason of a report', reason, MAX_REASON);
}
