import type { FramePayload } from '@nestwire/protocol/codec';
import { WsFrame } from './ws-frame.js';

/** A payload for many clients; a transport prepares it once for all of them. */
export class SharedPayload {
  /** The WebSocket frame of the payload, for the transport only. */
  readonly frame: WsFrame;

  constructor(payload: FramePayload) {
    this.frame = new WsFrame(payload);
  }

  /** The uncompressed size for one client, in bytes. */
  get byteLength(): number {
    return this.frame.bytes.length;
  }
}

/** A payload for one client, or a shared one. */
export type OutboundPayload = FramePayload | SharedPayload;

/**
 * Returns the uncompressed size of a payload, in bytes.
 *
 * The size of a text for one client is in characters, because counting bytes would need a pass over the text.
 */
export function payloadSizeOf(payload: OutboundPayload): number {
  return typeof payload === 'string' ? payload.length : payload.byteLength;
}
