import { transition, type ConnectionState } from './connection-state.js';

const STATES: readonly ConnectionState[] = [
  'awaiting-hello',
  'handshaking',
  'ready',
  'signing-in',
  'draining',
  'closed',
];

/** Returns the states that may follow a state. */
function following(from: ConnectionState): ConnectionState[] {
  return STATES.filter((to) => {
    try {
      return transition(from, to) === to;
    } catch {
      return false;
    }
  });
}

describe('The state of a connection', () => {
  it.each<[ConnectionState, readonly ConnectionState[]]>([
    ['awaiting-hello', ['handshaking', 'draining', 'closed']],
    ['handshaking', ['ready', 'draining', 'closed']],
    ['ready', ['signing-in', 'draining', 'closed']],
    ['signing-in', ['ready', 'draining', 'closed']],
    ['draining', ['closed']],
    ['closed', []],
  ])('leads from %s to %j alone', (from, expected) => {
    expect(following(from)).toEqual(expected);
  });

  it('names both states of a transition that is refused', () => {
    expect(() => transition('closed', 'ready')).toThrow('A connection cannot go from "closed" to "ready".');
  });
});
