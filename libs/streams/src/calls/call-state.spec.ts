import { callTransition, type CallState } from './call-state.js';

const STATES: readonly CallState[] = ['waiting', 'running', 'streaming', 'ending', 'ended'];

/** Returns the states that may follow a state. */
function following(from: CallState): CallState[] {
  return STATES.filter((to) => {
    try {
      return callTransition(from, to) === to;
    } catch {
      return false;
    }
  });
}

describe('The state of a call', () => {
  it.each<[CallState, readonly CallState[]]>([
    ['waiting', ['running', 'ended']],
    ['running', ['streaming', 'ending', 'ended']],
    ['streaming', ['ending', 'ended']],
    ['ending', ['ended']],
    ['ended', []],
  ])('leads from %s to %j alone', (from, expected) => {
    expect(following(from)).toEqual(expected);
  });
});
