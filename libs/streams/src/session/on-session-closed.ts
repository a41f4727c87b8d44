import type { SessionCloseReason } from './session-close-reason.js';

/** A session-scoped class that cleans up after its session. */
export interface OnSessionClosed {
  /** Runs once, after `@OnStreamClosed`; dependents come before their dependencies. */
  onSessionClosed(reason: SessionCloseReason): unknown;
}
