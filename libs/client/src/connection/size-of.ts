import type { CodedError } from '@nestwire/protocol';
import type { FramePayload } from '@nestwire/protocol/codec';
import { clientError } from '../client-error.js';

/** The limit of a server for the size of frames. */
export interface SizeLimit {
  readonly maxPayloadBytes: number;
}

/** Returns the size of an encoded frame, in bytes. */
export function sizeOf(payload: FramePayload): number {
  return (typeof payload === 'string' ? new TextEncoder().encode(payload) : payload).length;
}

/** Returns an error for a frame that the server does not accept. */
export function tooLargeError(payload: FramePayload, { maxPayloadBytes }: SizeLimit): CodedError | undefined {
  const bytes = sizeOf(payload);
  return bytes > maxPayloadBytes
    ? clientError('MESSAGE_TOO_LARGE', `${bytes} > ${maxPayloadBytes} bytes`)
    : undefined;
}
