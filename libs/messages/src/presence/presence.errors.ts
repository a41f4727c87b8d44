import { MessagesError, MessagesErrorCode } from '../messages.error.js';

/** Makes the error of a connection that exceeds the limit of its channel. */
export function presenceFull(channel: string, limit: number): MessagesError {
  return new MessagesError(
    MessagesErrorCode.PresenceFull,
    `The channel '${channel}' has reached its limit of ${limit} connections. Raise "presence.maxConnections", ` +
      'or use more channels.',
  );
}

/** Makes the error of an invalid member; `problem` is a clause without a full stop. */
export function badPresenceData(problem: string): MessagesError {
  return new MessagesError(MessagesErrorCode.BadPresence, `${problem}. The connection was not added.`);
}
