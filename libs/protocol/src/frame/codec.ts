import type { FrameFault } from './frame-fault.js';
import type { ClientFrame, Frame } from './frame.js';

/** A message encoded once: what every frame that carries it shares. */
export interface EncodedMessage {
  /** The name of the message class. */
  readonly type: string;
  /** The properties, as text of the codec. */
  readonly data: string;
}

/** Turns frames into what a WebSocket carries, and back. */
export interface Codec {
  /** The WebSocket subprotocol that selects this codec. */
  readonly subprotocol: string;
  encodeFrame(frame: Frame): string;
  /** Checks and decodes what a client sent; never throws. */
  decodeClientFrame(text: string): ClientFrame | FrameFault;
}
