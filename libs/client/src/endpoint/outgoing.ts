import type { CodedError } from '@nestwire/protocol';
import type { ClientMessageFrame, FramePayload } from '@nestwire/protocol/codec';
import { clientError, notConnectedError } from '../client-error.js';
import type { Pending } from '../connection/pending.js';
import type { OfflinePolicy } from './send-options.js';

/** A message on its way to the server. */
export interface Outgoing extends Pending {
  readonly frame: Sendable;
  readonly bytes: number;
  readonly offline: OfflinePolicy;
  /** A listener sends it at each open, so that it belongs to the session alone. */
  readonly own: boolean;
  /** Whose it is: the user when it was given, or sent; undefined before the first connection. */
  user?: string | null;
  /** Once sent: until when it may be sent again. */
  until?: number;
  /** Set by the outbox that keeps it: tells whether it is another user's, and takes it back then. */
  isNotFor?(user: string | null): boolean;
}

/** The bounds that a connection sets for waiting messages. */
export interface WaitingBounds {
  readonly options: {
    readonly maxWaitingMessages: number;
    readonly maxOfflineMessages: number;
    readonly maxWaitingBytes: number;
  };
  /** The server's `welcome`; undefined while there is no connection. */
  readonly welcome: { readonly maxPendingMessages: number } | undefined;
}

/** The frame of a message; its id is 0 until it is sent. */
export type Sendable = { -readonly [K in keyof ClientMessageFrame]: ClientMessageFrame[K] };

/** Returns how many bytes a frame takes on the line. */
export function sizeOf(payload: FramePayload): number {
  return (typeof payload === 'string' ? new TextEncoder().encode(payload) : payload).length;
}

/** Tells whether one more message may wait; the outbox bounds those that it keeps. */
export function hasRoom(
  all: readonly Outgoing[],
  bytes: number,
  { options, welcome }: WaitingBounds,
): boolean {
  const waiting = all.filter(({ settled, isNotFor }) => !settled && !isNotFor);
  for (const other of waiting) bytes += other.bytes;
  return (
    waiting.length < options[welcome ? 'maxWaitingMessages' : 'maxOfflineMessages'] &&
    bytes <= options.maxWaitingBytes
  );
}

/** Makes the error of a message that is unsent at its deadline, if it is. */
export function unsentError({ id }: Sendable, { welcome }: WaitingBounds): CodedError | undefined {
  if (id) return undefined;
  return welcome
    ? clientError('BUSY', `maxPendingMessages of the server is ${welcome.maxPendingMessages}`)
    : notConnectedError();
}
