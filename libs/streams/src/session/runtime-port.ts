import type { ClientMessageFrame, FramePayload } from '@nestwire/protocol/codec';
import type { StreamsLimits } from '../streams-limits.js';
import { SessionCloseReason } from './session-close-reason.js';

/** A message without its properties. */
export type MessageHead = Omit<ClientMessageFrame, 't' | 'data'>;

/** The operations of the connection that a session's runtime uses. */
export interface RuntimePort<Runtime> {
  readonly limits: StreamsLimits;
  /** Decodes the frame of a message that waited for its turn. */
  decode(payload: FramePayload): ClientMessageFrame;
  /** Sends a message; returns a promise when the sender should wait. */
  push(runtime: Runtime, message: object): void | Promise<void>;
  /** Starts the work on a message that waited; returns false when it is refused instead. */
  begin(head: MessageHead): boolean;
  /** Returns the time of the work on the current frame, in milliseconds. */
  measuredMs(now: number): number;
  /** Reports that the current message is read and the application's work begins. */
  read(): void;
  /** Ends the work that `begin` started. */
  ended(): void;
  /** Reports that `takeAck` has an id to acknowledge. */
  answered(runtime: Runtime): void;
  /**
   * Reports the failure of the frame with this id, or without an id of the session itself.
   *
   * @param workMs the time that the event loop spent on it in an earlier turn
   */
  failed(runtime: Runtime, id: number | undefined, error: unknown, workMs?: number): void;
  /** Reports a message that was not handled, because its session is ending or has ended. */
  dropped(runtime: Runtime, head: MessageHead, reason?: SessionCloseReason): void;
  /**
   * Checks that the client has paid for its answers, before a session that waited opens.
   *
   * @throws {CodedError} RATE_LIMITED when it owes bytes
   */
  checkAnswers(): void;
  /** Reports that `@OnStreamOpened` has settled; an error refuses the stream. */
  openSettled(runtime: Runtime, error?: unknown): void;
  /**
   * Ends the calls and the subscriptions of a session whose signal has aborted.
   *
   * Returns a promise if that takes more than this turn of the event loop.
   */
  ending(runtime: Runtime, reason: SessionCloseReason): Promise<void> | undefined;
  /** Reports that the session is released. */
  released(runtime: Runtime, reason: SessionCloseReason): void;
}

/** The end reason of a refused stream. */
export const REFUSED = new SessionCloseReason('refused', 'The stream was refused.');

/** The end reason of a session whose guards refuse it after a change of the user. */
export const ACCESS_LOST = new SessionCloseReason(
  'access-lost',
  'The user no longer has access to this stream.',
);

/** The end reason of a session whose connection has another identity. */
export const IDENTITY_CHANGED = new SessionCloseReason(
  'identity-changed',
  'The connection belongs to another user now.',
);

/** Thrown for a message whose session ended before its turn. */
export const NOT_BEGUN = Symbol('not begun');
