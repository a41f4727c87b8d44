import type { ClientMessageFrame, FramePayload } from '@nestwire/protocol/codec';
import type { StreamsLimits } from '../streams-limits.js';
import { SessionCloseReason } from './session-close-reason.js';
import type { SessionRuntime } from './session-runtime.js';

/** A message without its properties. */
export type MessageHead = Omit<ClientMessageFrame, 't' | 'data'>;

/** What a session's runtime asks of its connection. */
export interface RuntimePort {
  readonly limits: StreamsLimits;
  /** Decodes the frame of a message that has waited for its turn. */
  decode(payload: FramePayload): ClientMessageFrame;
  /** Pushes a message; a promise when the sender should wait. */
  push(runtime: SessionRuntime, message: object): void | Promise<void>;
  /** Work on a message that has waited begins; returns false when it is refused instead. */
  begin(head: MessageHead): boolean;
  /** Returns how long the work on the present frame has taken, in milliseconds. */
  measuredMs(now: number): number;
  /** The present message has been read; what follows is the application's work. */
  read(): void;
  /** The work that `begin` told of is over. */
  ended(): void;
  /** The runtime has an answer in `takeAck`. */
  answered(runtime: SessionRuntime): void;
  /**
   * The frame with this id failed; without an id, something that the session does by itself.
   *
   * @param workMs the time that the event loop spent on it in an earlier turn
   */
  failed(runtime: SessionRuntime, id: number | undefined, error: unknown, workMs?: number): void;
  /** The message was not handled: its session has ended, for the reason, or is ending. */
  dropped(runtime: SessionRuntime, head: MessageHead, reason?: SessionCloseReason): void;
  /** `@OnStreamOpened` has settled; an error means that the stream is refused. */
  openSettled(runtime: SessionRuntime, error?: unknown): void;
  /**
   * The session's signal has aborted; nothing may flow into it any more.
   *
   * Returns a promise where releasing its channels takes more than this turn of the event loop.
   */
  ending(runtime: SessionRuntime): Promise<void> | undefined;
  /** The session has ended and everything of it is released. */
  released(runtime: SessionRuntime, reason: SessionCloseReason): void;
}

/** Why the session of a stream ends that was refused. */
export const REFUSED = new SessionCloseReason('refused', 'The stream was refused.');

/** Why a session ends whose user has changed. */
export const ACCESS_LOST = new SessionCloseReason(
  'access-lost',
  'The user may no longer have this stream open.',
);

/** Why a session ends whose connection belongs to another identity now. */
export const IDENTITY_CHANGED = new SessionCloseReason(
  'identity-changed',
  'The connection belongs to another user now.',
);

/** Thrown for a message whose session ended before its turn. */
export const NOT_BEGUN = Symbol('not begun');
