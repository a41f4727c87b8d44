import { MessagesError, MessagesErrorCode } from '../messages.error.js';

/** Makes the error of a connection too many for its channel. */
export function presenceFull(channel: string, limit: number): MessagesError {
  return new MessagesError(
    MessagesErrorCode.PresenceFull,
    `${limit} connections are in the channel '${channel}', the most that may: raise "presence.maxConnections".`,
  );
}

/** Makes the error of a channel of which Redis holds more than servers put into it. */
export function presenceOverfull(channel: string, fields: number): MessagesError {
  return new MessagesError(
    MessagesErrorCode.PresenceFull,
    `Redis holds more of the channel '${channel}' than is read at once (${fields} fields): ` +
      'raise "presence.maxConnections" where they are connections; else remove the key of the channel.',
  );
}

/** Makes the error of a question that the cluster cannot answer now. */
export function presenceUnavailable(cause: unknown): MessagesError {
  // Only its text: ioredis puts the command into its errors. No client is told of it.
  const text = cause instanceof Error ? cause.message : String(cause);
  return new MessagesError(MessagesErrorCode.Unavailable, 'The members of the channel cannot be read now.', {
    cause: new Error(text),
  });
}

/** Makes the error of data that is too much for a member, or no JSON. */
export function badPresenceData(why: string): MessagesError {
  return new MessagesError(MessagesErrorCode.BadPresence, `${why}; nobody has joined.`);
}
