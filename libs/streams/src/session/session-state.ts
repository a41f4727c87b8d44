/**
 * The state of a session.
 *
 * - `opening`: `@OnStreamOpened` has not settled; messages wait.
 * - `open`: messages are handled.
 * - `ending`: the signal has aborted; a running handler settles, then `@OnStreamClosed` runs.
 * - `released`: the user objects are disposed, and the session is removed.
 */
export type SessionState = 'opening' | 'open' | 'ending' | 'released';

const NEXT: Readonly<Record<SessionState, readonly SessionState[]>> = {
  opening: ['open', 'ending'],
  open: ['ending'],
  ending: ['released'],
  released: [],
};

/** Returns the next state; throws if it cannot follow the current one. */
export function sessionTransition(from: SessionState, to: SessionState): SessionState {
  if (!NEXT[from].includes(to)) throw new Error(`A session cannot go from "${from}" to "${to}".`);
  return to;
}
