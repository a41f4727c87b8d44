import type { FramePayload } from '@nestwire/protocol/codec';

/**
 * Returns a payload that may be kept while its frame waits.
 *
 * Bytes are copied, because a view would keep everything that was read together with them.
 */
export function copiedPayload(payload: FramePayload): FramePayload {
  return typeof payload === 'string' ? payload : new Uint8Array(payload);
}
