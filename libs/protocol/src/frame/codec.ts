import type { FrameFault } from './frame-fault.js';
import type { ClientFrame, Frame } from './frame.js';

/** A message encoded once: what every frame that carries it shares. */
export interface EncodedMessage {
  /** The name of the message class. */
  readonly type: string;
  /** The properties, as JSON text. */
  readonly data: string;
}

/** What one WebSocket message carries: text, or bytes in a binary one. */
export type FramePayload = string | Uint8Array;

/** Turns frames into what a WebSocket carries, and back. */
export interface Codec {
  /** The WebSocket subprotocol that selects this codec. */
  readonly subprotocol: string;
  /** Whether frames travel as bytes; else as text. */
  readonly isBinary: boolean;
  encodeFrame(frame: Frame): FramePayload;
  /** Encodes the frame of a server's message around its encoded properties. */
  encodeServerMessage(endpoint: string, message: EncodedMessage): FramePayload;
  /** Encodes the frame of a channel's message around its encoded properties. */
  encodePublication(channel: string, message: EncodedMessage): FramePayload;
  /** Encodes the cumulative answer to messages. */
  encodeAck(endpoint: string, id: number): FramePayload;
  /** Checks and decodes what a client sent; never throws. */
  decodeClientFrame(payload: FramePayload): ClientFrame | FrameFault;
}
