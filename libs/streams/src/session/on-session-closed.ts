import type { SessionCloseReason } from './session-close-reason.js';

/** Lets a session-scoped class clean up when its session has ended. */
export interface OnSessionClosed {
  /** Runs once, after `@OnStreamClosed`; what depends on others goes before them. */
  onSessionClosed(reason: SessionCloseReason): unknown;
}
