/** The code of the reason why a session ended. */
export type SessionCloseCode =
  /** The client closed the stream, or its connection for good; then `connectionCode` is 1000 or 1005. */
  | 'closed-by-client'
  /** The application called `session.close()`. */
  | 'closed-by-server'
  /** The connection was lost or replaced; the client may reconnect with a new session. */
  | 'connection-lost'
  /** `StreamsService.close()` ended the session; the client opens it again at its next use. */
  | 'evicted'
  /** New scopes, or a guard that ran again, revoked the access to this stream. */
  | 'access-lost'
  /** A sign-in, a sign-out, another user or a ban changed the identity of the connection. */
  | 'identity-changed'
  /** The server shuts down. */
  | 'shutdown'
  /** `@OnStreamOpened` or a guard refused the stream; only user objects receive this code. */
  | 'refused'
  /** An object of the session could not be created; only the created ones receive this code. */
  | 'open-failed';

/** The reason why a session ended, with a code and a text. */
export class SessionCloseReason {
  constructor(
    /** One of the codes above, or the code that the application passed to `session.close()`. */
    readonly code: SessionCloseCode | (string & {}),
    /** One sentence; a connected client receives it. */
    readonly message: string,
    /** The WebSocket close code if the connection ended; 1006 when it was lost. */
    readonly connectionCode?: number,
  ) {}
}
