import type { WireError } from '@nestwire/protocol';
import type { ErrorFrame, ServerFrame } from '@nestwire/protocol/codec';
import type { SessionCloseReason } from '../../session/session-close-reason.js';
import type { SessionRuntime } from '../../session/session-runtime.js';

type Opened = Pick<SessionRuntime, 'session'>;

/** Makes the frame that says that a stream is open. */
export function openedFrame({ session }: Opened, id?: number): ServerFrame {
  return { t: 'opened', ...(id && { id }), stream: session.stream, session: session.id };
}

/** Makes the frame that says that a stream is closed. */
export function closedFrame({ session }: Opened, reason: SessionCloseReason, id?: number): ServerFrame {
  const { code, message } = reason;
  const frame = { t: 'closed', stream: session.stream, reason: { code, message } } as const;
  return id === undefined ? frame : { ...frame, id };
}

/** Makes the frame of an error: the answer to a frame, or what failed by itself. */
export function streamErrorFrame({ session }: Opened, error: WireError, id?: number): ErrorFrame {
  return id === undefined ? { t: 'error', stream: session.stream, error } : { t: 'error', id, error };
}
