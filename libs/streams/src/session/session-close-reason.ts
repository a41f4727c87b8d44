/** Why a session ended: what `@OnStreamClosed` and `OnSessionClosed` receive. */
export type SessionCloseCode =
  /** The client closed the stream, or itself for good: `connectionCode` is 1000 then. */
  | 'closed-by-client'
  /** The application called `session.close()`. */
  | 'closed-by-server'
  /** The connection was lost, or left for another one; the client may come back with a new session. */
  | 'connection-lost'
  /** Other scopes, or a guard that was asked again, took away the right to have this stream open. */
  | 'access-lost'
  /** A sign-in, a sign-out, another user or a ban: the connection is no longer this session's user's. */
  | 'identity-changed'
  /** The server shuts down. */
  | 'shutdown'
  /** `@OnStreamOpened` or a guard refused the stream; only user objects are told. */
  | 'refused'
  /** The session's objects could not be made; only those that were are told. */
  | 'open-failed';

/** Why a session ended, for programs and for people. */
export class SessionCloseReason {
  constructor(
    /** One of the codes above, or a code that the application gave to `session.close()`. */
    readonly code: SessionCloseCode | (string & {}),
    /** One sentence; it is sent to the client where there is one to hear it. */
    readonly message: string,
    /** The WebSocket close code, where the connection ended; 1006 when it broke. */
    readonly connectionCode?: number,
  ) {}
}
