import { CodedError, type CodedErrorOptions } from '@nestwire/protocol';

/**
 * The codes of the errors that channels raise.
 *
 * A code is stable: never renamed, never reused. `docs/errors.md` explains each.
 */
export const MessagesErrorCode = {
  /** The name of a channel is not one that channels may have. */
  BadChannel: 'BAD_CHANNEL',
  /** The message is not of a class that the channel is defined with. */
  WrongMessage: 'WRONG_MESSAGE',
  /** The scope is `global`, and the broker serves this process only. */
  NoCluster: 'NO_CLUSTER',
  /** The cluster cannot be reached; nothing was posted. */
  Unavailable: 'UNAVAILABLE',
  /** The cluster did not confirm in time; the message may have been delivered. */
  Uncertain: 'UNCERTAIN',
  /** Too many posts wait for the broker; nothing was posted. */
  Overloaded: 'OVERLOADED',
  /** The id that a post was given is not one that messages may have. */
  BadMessageId: 'BAD_MESSAGE_ID',
  /** The id of a post is older than ids are remembered; nothing was stored now. */
  RetryTooLate: 'RETRY_TOO_LATE',
  /** The encoded message is larger than `maxMessageBytes`. */
  MessageTooLarge: 'MESSAGE_TOO_LARGE',
  /** A stream lost messages under its overflow policy `fail`. */
  StreamOverflow: 'STREAM_OVERFLOW',
  /** The channel has as many connections in it as it may have. */
  PresenceFull: 'PRESENCE_FULL',
  /** Who joins has no id, or data that is too large or no JSON. */
  BadPresence: 'BAD_PRESENCE',
  /** The secret that the servers share is invalid. */
  BadSecret: 'BAD_SECRET',
  /** The broker lacks a member that a feature needs. */
  MissingCapability: 'MISSING_CAPABILITY',
  /** The application has shut down. */
  MessagesClosed: 'MESSAGES_CLOSED',
  /** The module or a decorator is configured wrongly. */
  Configuration: 'MESSAGES_CONFIGURATION',
} as const;

/** One of the codes above. */
export type MessagesErrorCode = (typeof MessagesErrorCode)[keyof typeof MessagesErrorCode];

/** An error of a channel, with a stable code. */
export class MessagesError extends CodedError {
  declare readonly code: MessagesErrorCode;
  /** The id of the message that was not, or not for certain, stored: post it again under this one. */
  declare readonly messageId?: string;

  constructor(code: MessagesErrorCode, message: string, options: CodedErrorOptions = {}) {
    super(code, message, options);
    this.name = 'MessagesError';
  }

  /** Returns the same error about one message of a recoverable channel. */
  withMessageId(messageId: string): MessagesError {
    const { code, message, cause } = this;
    return Object.assign(new MessagesError(code, message, { cause }), { messageId });
  }
}
