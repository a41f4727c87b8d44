/** One WebSocket as a connection sees it: frames in and out, and one end. */
export abstract class Wire {
  /** Bytes that were written and have not left this process. */
  abstract readonly bufferedBytes: number;
  /** Since when an unfinished message stands in the receiver, in `performance.now()` time; 0 when none does. */
  abstract readonly unfinishedSince: number;
  /** Writes bytes that hold whole WebSocket frames. */
  abstract write(frames: Uint8Array): void;
  /** Starts the closing handshake; `closed` follows within the close timeout. */
  abstract close(code: number, reason: string): void;
  /** Ends the connection at once; `closed` follows. */
  abstract terminate(): void;
}

/** What a wire tells its connection; `closed` comes last, once. */
export interface WireReceiver {
  text(text: string, bytes: number): void;
  binary(): void;
  /** A ping or pong of the WebSocket protocol. */
  control(): void;
  /** Writing came below the socket's own mark: there is room again. */
  drained(): void;
  closed(code: number): void;
}
