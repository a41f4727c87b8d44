import { sessionTransition, type SessionState } from './session-state.js';

const STATES: readonly SessionState[] = ['opening', 'open', 'ending', 'released'];

/** Returns the states that may follow a state. */
function following(from: SessionState): SessionState[] {
  return STATES.filter((to) => {
    try {
      return sessionTransition(from, to) === to;
    } catch {
      return false;
    }
  });
}

describe('The state of a session', () => {
  it.each<[SessionState, readonly SessionState[]]>([
    ['opening', ['open', 'ending']],
    ['open', ['ending']],
    ['ending', ['released']],
    ['released', []],
  ])('leads from %s to %j alone', (from, expected) => {
    expect(following(from)).toEqual(expected);
  });

  it('names both states of a transition that is refused', () => {
    expect(() => sessionTransition('released', 'open')).toThrow(
      'A session cannot go from "released" to "open".',
    );
  });
});
