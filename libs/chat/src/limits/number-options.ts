import { ChatError, ChatErrorCode } from '../error/chat-error.js';

/**
 * Returns options that are numbers, with the defaults of those that are not given.
 *
 * @param name names the group in errors, such as `limits`
 * @throws {ChatError} CHAT_CONFIGURATION when one does not exist, or is no whole number from 1 on
 */
export function numberOptions<T extends object>(name: string, given: Partial<T>, defaults: T): T {
  refuseUnknown(name, given, Object.keys(defaults));
  for (const [option, value] of Object.entries(given) as [string, unknown][])
    if (!Number.isInteger(value) || (value as number) < 1)
      throw misconfigured(`${name}.${option} is a whole number from 1 on; got ${String(value)}`);
  return { ...defaults, ...given };
}

/**
 * Refuses options that do not exist, such as one with a misspelled name.
 *
 * @throws {ChatError} CHAT_CONFIGURATION
 */
export function refuseUnknown(name: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((option) => !known.includes(option));
  if (unknown !== undefined) throw misconfigured(`there is no option ${name}.${unknown}`);
}

/** Makes the error for a wrong option. */
export function misconfigured(problem: string): ChatError {
  return new ChatError(ChatErrorCode.Configuration, `ChatModule: ${problem}.`);
}
