import type { OutboundPayload } from './shared-payload.js';

/** A payload in the form that one wire writes; only the transport uses its content. */
export type PreparedPayload = string | Uint8Array;

/** A connection of the transport: payloads in, payloads out, and one end. */
export abstract class Wire {
  /** The negotiated subprotocol; empty when the client offered no supported one. */
  abstract readonly subprotocol: string;
  /** True when the client's messages may be compressed. */
  abstract readonly isInflated: boolean;
  /** Written bytes that have not left this process. */
  abstract readonly bufferedBytes: number;
  /** Bytes received from the client, including the upgrade request; compressed data counts as sent. */
  abstract readonly bytesRead: number;
  /** The start of an unfinished message in `performance.now()` time; 0 without one. */
  abstract readonly unfinishedSince: number;
  /** Prepares a payload for this wire; compresses it if the client accepts that. */
  abstract prepare(payload: OutboundPayload): PreparedPayload;
  /** Returns the size of a prepared payload on the wire, in bytes. */
  abstract bytesOf(payload: PreparedPayload): number;
  /**
   * Writes prepared payloads in order, with one write.
   *
   * @param bytes the sum of their `bytesOf`
   */
  abstract write(payloads: readonly PreparedPayload[], bytes: number): void;
  /** Starts the closing handshake; `closed` follows within the close timeout. */
  abstract close(code: number, reason: string): void;
  /** Ends the connection at once; `closed` follows. */
  abstract terminate(): void;
}

/** The two kinds of messages of the WebSocket protocol. */
export type MessageForm = 'text' | 'binary';

/** Receives the events of a wire; `closed` comes last, once. */
export interface WireReceiver {
  /**
   * Called with a whole, inflated message.
   *
   * @param wireBytes the received bytes since the last message beyond the size of this one
   */
  message(data: Buffer, form: MessageForm, wireBytes?: number): void;
  /** Called before the messages of a read; they and `caughtUp` follow in the same turn. */
  reading(): void;
  /** Called after all messages of a read. */
  caughtUp(): void;
  /** Called for a ping or pong of the WebSocket protocol. */
  control(): void;
  /** Called when the socket's buffer has room again. */
  drained(): void;
  /** Called when the peer violated the WebSocket protocol or a limit; `closed` follows. */
  faulty(error: Error): void;
  closed(code: number): void;
}
