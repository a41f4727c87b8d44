import { ChatError, ChatErrorCode } from './chat-error.js';
import { nearestOf } from './nearest-name.js';

/** The page that lists all options. */
const PAGE = 'docs/chat/options.md';

/**
 * Refuses options that do not exist, such as one with a misspelled name.
 *
 * A group of options that is no object is refused too.
 *
 * @param group names the group in errors, such as `limits`; empty for the options of the module
 * @throws {ChatError} CHAT_CONFIGURATION, with the nearest option that exists
 */
export function refuseUnknown(group: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw misconfigured(`${group || 'the argument'} is an object of options; got ${described(given)}`);
  const unknown = Object.keys(given).find((option) => !known.includes(option));
  if (unknown === undefined) return;
  const nearest = nearestOf(unknown, known);
  const path = (name: string): string => (group ? `${group}.${name}` : name);
  const hint = nearest === undefined ? '' : ` Did you mean ${path(nearest)}?`;
  throw misconfigured(`there is no option ${path(unknown)}.${hint} ${PAGE} lists all options`);
}

/**
 * Refuses a value that is not one of a list.
 *
 * @throws {ChatError} CHAT_CONFIGURATION
 */
export function demandOneOf(name: string, value: unknown, values: readonly unknown[]): void {
  if (!values.includes(value))
    throw misconfigured(`${name} is ${values.join(' or ')}; got ${described(value)}`);
}

/** Makes the error for a wrong option. */
export function misconfigured(problem: string, cause?: unknown): ChatError {
  return new ChatError(ChatErrorCode.Configuration, `ChatModule: ${problem}.`, { cause });
}

function described(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : Array.isArray(value) ? 'a list' : String(value);
}
