import type { FramePayload } from '@nestwire/protocol/codec';
import { WsFrame } from './ws-frame.js';

/** A payload for many clients; a transport prepares it once for all of them. */
export class SharedPayload {
  /** The form in which the WebSocket transport writes it. For the transport alone. */
  readonly frame: WsFrame;

  constructor(payload: FramePayload) {
    this.frame = new WsFrame(payload);
  }

  /** Bytes that one client receives, uncompressed. */
  get byteLength(): number {
    return this.frame.bytes.length;
  }
}

/** A payload for one client, or one that many clients share. */
export type OutboundPayload = FramePayload | SharedPayload;

/**
 * Returns the size of a payload, uncompressed.
 *
 * In bytes; of a text for one client in characters, which costs no pass over the text.
 */
export function sizeOf(payload: OutboundPayload): number {
  return typeof payload === 'string' ? payload.length : payload.byteLength;
}
