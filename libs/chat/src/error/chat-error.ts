import { CodedError, type CodedErrorOptions } from '@nestwire/protocol';

/**
 * The codes of the errors of the chat.
 *
 * A code is stable: it is never renamed or reused. `docs/chat/errors.md` explains each.
 */
export const ChatErrorCode = {
  /** The channel, message or member does not exist, or the user may not know of it. */
  NotFound: 'CHAT_NOT_FOUND',
  /** The policy denies the action. */
  Forbidden: 'CHAT_FORBIDDEN',
  /** A hook of the application refused the message; the text has its reason. */
  Refused: 'CHAT_REFUSED',
  /** An argument is invalid. */
  Invalid: 'CHAT_INVALID',
  /** A text, a list or a channel would exceed its limit. */
  LimitExceeded: 'CHAT_LIMIT_EXCEEDED',
  /** The user sends more messages than the rate permits. */
  RateLimited: 'CHAT_RATE_LIMITED',
  /** The channel is frozen or archived. */
  ReadOnly: 'CHAT_READ_ONLY',
  /** The action needs a stored message, and those of the channel are not stored. */
  Ephemeral: 'CHAT_EPHEMERAL',
  /** The database cannot be reached; whether a change was stored is unknown. */
  Unavailable: 'CHAT_UNAVAILABLE',
  /** Too many queries wait for the embedded database; this one was not run. */
  Overloaded: 'CHAT_OVERLOADED',
  /** The tables are older or newer than this version of the chat. */
  Schema: 'CHAT_SCHEMA',
  /** The configuration of the chat has a mistake. */
  Configuration: 'CHAT_CONFIGURATION',
} as const;

/** A code of an error of the chat. */
export type ChatErrorCode = (typeof ChatErrorCode)[keyof typeof ChatErrorCode];

/** An error of the chat, with a stable code. */
export class ChatError extends CodedError {
  declare readonly code: ChatErrorCode;

  constructor(code: ChatErrorCode, message: string, options: CodedErrorOptions = {}) {
    super(code, message, options);
    this.name = 'ChatError';
  }
}

/**
 * Tells whether an error denies a user something.
 *
 * Other errors of a check say that it has failed, such as without a database.
 */
export function isDenial(error: unknown): error is ChatError {
  const denials: readonly string[] = [ChatErrorCode.NotFound, ChatErrorCode.Forbidden];
  return error instanceof ChatError && denials.includes(error.code);
}
