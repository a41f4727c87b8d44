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

/** The states that may follow each state. */
export const CALL_TRANSITIONS: Readonly<Record<CallState, readonly CallState[]>> = {
  waiting: ['running', 'ended'],
  running: ['streaming', 'ending', 'ended'],
  streaming: ['ending', 'ended'],
  ending: ['ended'],
  ended: [],
};

/** Returns the next state; throws if it cannot follow the current one. */
export function callTransition(from: CallState, to: CallState): CallState {
  if (!CALL_TRANSITIONS[from].includes(to)) throw new Error(`A call cannot go from "${from}" to "${to}".`);
  return to;
}
