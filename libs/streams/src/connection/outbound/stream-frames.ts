import type { WireError } from '@nestwire/protocol';
import type { ErrorFrame, ServerFrame } from '@nestwire/protocol/codec';
import type { SessionCloseReason } from '../../session/session-close-reason.js';
import type { SessionRuntime } from '../../session/session-runtime.js';

type Opened = Pick<SessionRuntime, 'session'>;

/** Creates the frame of an opened stream. */
export function openedFrame({ session }: Opened, id?: number): ServerFrame {
  return { t: 'opened', ...(id && { id }), stream: session.stream, session: session.id };
}

/** Creates the frame of a closed stream. */
export function closedFrame({ session }: Opened, reason: SessionCloseReason, id?: number): ServerFrame {
  const { code, message } = reason;
  const frame = { t: 'closed', stream: session.stream, reason: { code, message } } as const;
  return id === undefined ? frame : { ...frame, id };
}

/** Creates the frame of an error; without an id it answers no frame. */
export function streamErrorFrame({ session }: Opened, error: WireError, id?: number): ErrorFrame {
  return id === undefined ? { t: 'error', stream: session.stream, error } : { t: 'error', id, error };
}
