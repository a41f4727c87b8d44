/**
 * The state of a call.
 *
 * - `waiting`: the stream is not open yet, or the result of an earlier sending is looked up.
 * - `running`: the method runs and has not returned.
 * - `streaming`: the method has returned items, and they are sent.
 * - `ending`: the client has the end; the method or its generator has not settled.
 * - `ended`: everything is released.
 */
export type CallState = 'waiting' | 'running' | 'streaming' | 'ending' | 'ended';

/**
 * Returns the next state; throws if it cannot follow the current one.
 *
 * Each call changes its state at least twice, so the check compares constants and allocates nothing.
 */
export function callTransition(from: CallState, to: CallState): CallState {
  if (!mayFollow(from, to)) throw new Error(`A call cannot go from "${from}" to "${to}".`);
  return to;
}

function mayFollow(from: CallState, to: CallState): boolean {
  switch (from) {
    case 'waiting':
      return to === 'running' || to === 'ended';
    case 'running':
      return to === 'streaming' || to === 'ending' || to === 'ended';
    case 'streaming':
      return to === 'ending' || to === 'ended';
    case 'ending':
      return to === 'ended';
    case 'ended':
      return false;
  }
}
