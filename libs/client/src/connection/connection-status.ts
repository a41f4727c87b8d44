/** Where a client's connection stands; `kind` tells which. */
export type ConnectionStatus =
  | {
      /** `connectWebSocket()` has not been called. */
      readonly kind: 'idle';
    }
  | {
      /** A credential is asked for, a socket opens, or `welcome` is awaited. */
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
      /** The connection is lost, or could not be made; another attempt follows. */
      readonly kind: 'waiting';
      /** When the next attempt starts, in milliseconds since 1970. */
      readonly retryAt: number;
      /** The wait as a whole, in milliseconds. */
      readonly retryInMs: number;
      /** The close code that ended the last attempt; 1006 where there was none. */
      readonly code: number;
      readonly reason: string;
    }
  | {
      /** Closed for good, by `close()` (code 1000) or by the server. */
      readonly kind: 'closed';
      readonly code: number;
      readonly reason: string;
    };

/** A function that hears each change of the status. */
export type ConnectionStatusListener = (status: ConnectionStatus) => void;
