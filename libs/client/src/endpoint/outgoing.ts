import type { CodedError } from '@nestwire/protocol';
import type { ClientMessageFrame } from '@nestwire/protocol/codec';
import { clientError, notConnectedError } from '../client-error.js';
import type { Pending } from '../connection/pending.js';
import type { OfflinePolicy } from './send-options.js';

/** A message on its way to the server. */
export interface Outgoing extends Pending {
  readonly frame: Sendable;
  readonly bytes: number;
  readonly offline: OfflinePolicy;
  /** True for a message of an open listener, which belongs to one session. */
  readonly own: boolean;
  /** The user at the time of the call or sending; undefined before the first connection. */
  user?: string | null;
  /** Set once it is sent: the end of resending. */
  until?: number;
  /** Set by the outbox; returns true for a message of another user, and then parks it in the outbox. */
  isNotFor?(user: string | null): boolean;
}

/** The limits of a connection for waiting messages. */
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

/** Returns true when one more message may wait; the outbox limits durable ones. */
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

/**
 * Makes the error of a message that is unsent at its deadline.
 *
 * Returns undefined when it was sent.
 */
export function unsentError({ id }: Sendable, { welcome }: WaitingBounds): CodedError | undefined {
  if (id) return undefined;
  return welcome
    ? clientError('BUSY', `maxPendingMessages of the server is ${welcome.maxPendingMessages}`)
    : notConnectedError();
}
