import type { JsonLimits } from '../limits.js';
import type { Natives } from '../value/wire-value.js';
import type { FrameFault } from './frame-fault.js';
import type { ClientFrame, Frame, PublicationPlace } from './frame.js';

/** A message encoded once: what every frame that carries it shares. */
export interface EncodedMessage {
  /** The name of the message class. */
  readonly type: string;
  /** The properties, as JSON text. */
  readonly data: string;
}

/** What one WebSocket message carries: text, or bytes in a binary one. */
export type FramePayload = string | Uint8Array;

/** The beginning of a frame, as far as it can be told without decoding. */
export interface FrameHead {
  readonly t?: string;
  readonly id?: number;
  readonly endpoint?: string;
}

/** A server's way to turn frames into what a WebSocket carries, and back. */
export interface Codec {
  /** The WebSocket subprotocol that selects this codec. */
  readonly subprotocol: string;
  /** Whether frames travel as bytes; else as text. */
  readonly isBinary: boolean;
  /** What may stand for itself in the `data` of a frame to encode; without it, nothing that JSON lacks. */
  readonly natives?: Natives;
  encodeFrame(frame: Frame): FramePayload;
  /** Encodes the frame of a server's message around its encoded properties; of a snapshot with its channel. */
  encodeServerMessage(endpoint: string, message: EncodedMessage, channel?: string): FramePayload;
  /** Encodes the frame of a channel's message around its encoded properties. */
  encodePublication(channel: string, message: EncodedMessage, place?: PublicationPlace): FramePayload;
  /** Encodes the cumulative answer to messages. */
  encodeAck(endpoint: string, id: number): FramePayload;
  /** Checks and decodes what a client sent; never throws. */
  decodeClientFrame(payload: FramePayload): ClientFrame | FrameFault;
  /**
   * Reads the fields at the beginning of a frame that is refused undecoded.
   *
   * It reads at most 512 bytes, so that the cost does not grow with the frame. Nothing of it is checked.
   */
  peek(bytes: Uint8Array): FrameHead;
  /** The key of the field `redelivered` in encoded form, with one character for each byte. */
  readonly redeliveredMark: string;
}

/** What a server takes to speak another codec than JSON. */
export interface CodecOption {
  readonly subprotocol: string;
  /** Makes the codec; nothing is decoded that breaks the limits. */
  withLimits(limits: JsonLimits): Codec;
}

/** A client's way to turn frames into what a WebSocket carries, and back. */
export interface ClientCodec {
  /** What to offer to the server, the best first; which one it took is told with each frame. */
  readonly subprotocols: string | string[];
  /** What may stand for itself in the `data` of a frame to encode. */
  readonly natives?: Natives;
  /** Encodes a frame; in the first subprotocol while there is no server that took one. */
  encode(frame: object, subprotocol: string | undefined): FramePayload;
  /**
   * Decodes what a server sent.
   *
   * @throws {Error} when it is nothing of this codec's
   */
  decode(payload: string | ArrayBuffer): unknown;
}
