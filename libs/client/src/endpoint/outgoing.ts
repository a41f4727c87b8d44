import type { ClientMessageFrame, FramePayload } from '@nestwire/protocol';
import type { OfflinePolicy } from '../client-options.js';
import type { Pending } from '../connection/pending.js';

/** A message on its way to the server. */
export interface Outgoing extends Pending {
  readonly frame: Sendable;
  readonly bytes: number;
  readonly offline: OfflinePolicy;
  /** A listener sends it at each open, so that it belongs to the session alone. */
  readonly own: boolean;
  /** Once sent: until when it may be sent again, and by whom. */
  until?: number;
  user?: string | null;
}

/** The frame of a message; its id is 0 until it is sent. */
export type Sendable = { -readonly [K in keyof ClientMessageFrame]: ClientMessageFrame[K] };

/** Returns how many bytes a frame takes on the line. */
export function sizeOf(payload: FramePayload): number {
  return (typeof payload === 'string' ? new TextEncoder().encode(payload) : payload).length;
}
