import { MessagesError, MessagesErrorCode } from '../../messages.error.js';

/** Makes the error of a channel whose hash in Redis has too many fields. */
export function presenceOverfull(channel: string, fields: number): MessagesError {
  return new MessagesError(
    MessagesErrorCode.PresenceFull,
    `Redis holds ${fields} fields for the channel '${channel}', more than one read may bring. Raise ` +
      '"presence.maxConnections" if they are connections; otherwise remove the key of the channel.',
  );
}

/** Makes the error of a read that failed. */
export function presenceUnavailable(cause: unknown): MessagesError {
  // Only the text: an error of ioredis contains its command. Clients do not get the cause.
  const text = cause instanceof Error ? cause.message : String(cause);
  return new MessagesError(
    MessagesErrorCode.Unavailable,
    'The members of the channel cannot be read now. Try again later.',
    { cause: new Error(text) },
  );
}
