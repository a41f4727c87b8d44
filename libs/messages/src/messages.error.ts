import { CodedError, type CodedErrorOptions } from '@nestwire/protocol';

/**
 * The codes of the errors of channels.
 *
 * A code is stable: it is never renamed or reused. `docs/errors.md` explains each.
 */
export const MessagesErrorCode = {
  /** The name is not a valid name of a channel. */
  BadChannel: 'BAD_CHANNEL',
  /** The channel is not defined with the class of the message. */
  WrongMessage: 'WRONG_MESSAGE',
  /** The scope is `global`, and the broker serves this process only. */
  NoCluster: 'NO_CLUSTER',
  /** The cluster cannot be reached; nothing was posted. */
  Unavailable: 'UNAVAILABLE',
  /** The cluster did not confirm in time; the message may have been delivered. */
  Uncertain: 'UNCERTAIN',
  /** Too many posts wait for the broker; nothing was posted. */
  Overloaded: 'OVERLOADED',
  /** The given id is not a valid id of a message. */
  BadMessageId: 'BAD_MESSAGE_ID',
  /** The id of a post is too old for a retry; nothing was stored now. */
  RetryTooLate: 'RETRY_TOO_LATE',
  /** The encoded message is larger than `maxMessageBytes`. */
  MessageTooLarge: 'MESSAGE_TOO_LARGE',
  /** A stream lost messages under its overflow policy `fail`. */
  StreamOverflow: 'STREAM_OVERFLOW',
  /** The channel has reached its limit of connections. */
  PresenceFull: 'PRESENCE_FULL',
  /** The id of the connection is invalid, or its data is too large or not JSON. */
  BadPresence: 'BAD_PRESENCE',
  /** The secret that the servers share is invalid. */
  BadSecret: 'BAD_SECRET',
  /** The broker lacks a member that a feature needs. */
  MissingCapability: 'MISSING_CAPABILITY',
  /** The application has shut down. */
  MessagesClosed: 'MESSAGES_CLOSED',
  /** The configuration of the module or a decorator has a mistake. */
  Configuration: 'MESSAGES_CONFIGURATION',
} as const;

/** A code of an error of channels. */
export type MessagesErrorCode = (typeof MessagesErrorCode)[keyof typeof MessagesErrorCode];

/** An error of a channel, with a stable code. */
export class MessagesError extends CodedError {
  declare readonly code: MessagesErrorCode;
  /** The id of the message that may not be stored; post it again with this id. */
  declare readonly messageId?: string;

  constructor(code: MessagesErrorCode, message: string, options: CodedErrorOptions = {}) {
    super(code, message, options);
    this.name = 'MessagesError';
  }

  /** Returns a copy of the error with the id of a message. */
  withMessageId(messageId: string): MessagesError {
    const { code, message, cause } = this;
    return Object.assign(new MessagesError(code, message, { cause }), { messageId });
  }
}
