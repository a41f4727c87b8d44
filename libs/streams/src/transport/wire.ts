import type { OutboundPayload } from './shared-payload.js';

/** A payload as one wire writes it; only the transport looks inside. */
export type PreparedPayload = string | Uint8Array;

/** One WebSocket as a connection sees it: payloads in and out, and one end. */
export abstract class Wire {
  /** The subprotocol that was agreed on; empty when the client offered none of ours. */
  abstract readonly subprotocol: string;
  /** Whether messages of the client may be compressed. */
  abstract readonly isInflated: boolean;
  /** Bytes that were written and have not left this process. */
  abstract readonly bufferedBytes: number;
  /** Bytes that came from the client, the upgrade request and what is compressed as it was sent. */
  abstract readonly bytesRead: number;
  /** Since when an unfinished message stands in the receiver, in `performance.now()` time; 0 when none does. */
  abstract readonly unfinishedSince: number;
  /** Makes a payload ready for this wire; compresses it where the client takes that. */
  abstract prepare(payload: OutboundPayload): PreparedPayload;
  /** Returns how many bytes a prepared payload takes on the wire. */
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

/** Which of the two kinds of messages of the WebSocket protocol. */
export type MessageForm = 'text' | 'binary';

/** What a wire tells its connection; `closed` comes last, once. */
export interface WireReceiver {
  /**
   * A whole message, decompressed: the bytes of a text, or of a binary message.
   *
   * @param wireBytes how many more bytes than the message it and what came before it took on the wire
   */
  message(data: Buffer, form: MessageForm, wireBytes?: number): void;
  /** Something was read; the messages in it follow, then `caughtUp`, all in one go. */
  reading(): void;
  /** All messages of one read have been handed over. */
  caughtUp(): void;
  /** A ping or pong of the WebSocket protocol. */
  control(): void;
  /** Writing came below the socket's own mark: there is room again. */
  drained(): void;
  /** The peer broke the WebSocket protocol, or a bound of a message; `closed` follows. */
  faulty(error: Error): void;
  closed(code: number): void;
}
