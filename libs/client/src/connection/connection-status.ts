/** The status of a client's connection; `kind` is the state. */
export type ConnectionStatus =
  | {
      /** `connectWebSocket()` has not been called. */
      readonly kind: 'idle';
    }
  | {
      /** The client waits for a credential, a socket or `welcome`. */
      readonly kind: 'connecting';
    }
  | {
      readonly kind: 'connected';
      /** The id of the user, or null for an anonymous connection. */
      readonly user: string | null;
      /** The connection's id, as in the server's log. */
      readonly connection: string;
    }
  | {
      /** The connection was lost or failed; another attempt follows. */
      readonly kind: 'waiting';
      /** The time of the next attempt, in milliseconds since 1970. */
      readonly retryAt: number;
      /** The whole wait, in milliseconds. */
      readonly retryInMs: number;
      /** The close code of the last attempt; 1006 without one. */
      readonly code: number;
      readonly reason: string;
    }
  | {
      /** Closed for good, by `close()` (code 1000) or by the server. */
      readonly kind: 'closed';
      readonly code: number;
      readonly reason: string;
    };

/** Called for each change of the status. */
export type ConnectionStatusListener = (status: ConnectionStatus) => void;
