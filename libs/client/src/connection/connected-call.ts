import type { CodedError } from '@nestwire/protocol';
import type { ClientSocket } from './client-socket.js';

/** A call of a stream method, as its connection and its stream use it. */
export interface ConnectedCall {
  /** The stream of the call. */
  readonly stream: object;
  /** The connection that carries it; undefined while it waits for one. */
  readonly socket?: ClientSocket;
  /** Sends the call on the current connection, unless it has one. */
  send(): void;
  /** Called for each frame of the call; `bytes` is its size. */
  received(frame: object, bytes: number, error?: CodedError): void;
  /** Called when its connection is lost: it waits for the next one. */
  lost(reason?: string, closeCode?: number): void;
  /** Ends it because its stream ended; with `openError` if the stream was refused. */
  close(error: CodedError, openError?: CodedError): void;
}
