import type { CodedError, HeldChannel, ServerFrame } from '@nestwire/protocol';

/** What a connection carries: the stream of one endpoint. */
export interface ConnectedStream {
  /** The server has welcomed the client, or accepted another user. */
  connected(): void;
  /** A frame came, of this stream or of another; with the error that it tells of. */
  received(frame: ServerFrame, error?: CodedError): void;
  /** The channels that flowed into it, for the first frame of the next connection. */
  held(): HeldChannel[];
  /** The connection is gone; another attempt follows. */
  lost(reason?: string): void;
  /** The connection is closed for good; by the server when there is an error. */
  ended(error?: CodedError): void;
}
