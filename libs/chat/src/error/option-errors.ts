import { ChatError, ChatErrorCode } from './chat-error.js';

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
