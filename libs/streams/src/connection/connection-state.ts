/**
 * The state of a connection.
 *
 * - `awaiting-hello`: the socket is open, and the client has sent nothing yet.
 * - `handshaking`: the credential of `hello` is checked; other frames wait.
 * - `ready`: frames are handled as they arrive.
 * - `signing-in`: the credential of `auth` is checked; other frames wait.
 * - `draining`: running handlers finish, and new frames are refused.
 * - `closed`: nothing is read or written; sessions may still be ending.
 */
export type ConnectionState =
  'awaiting-hello' | 'handshaking' | 'ready' | 'signing-in' | 'draining' | 'closed';

const NEXT: Readonly<Record<ConnectionState, readonly ConnectionState[]>> = {
  'awaiting-hello': ['handshaking', 'draining', 'closed'],
  handshaking: ['ready', 'draining', 'closed'],
  ready: ['signing-in', 'draining', 'closed'],
  'signing-in': ['ready', 'draining', 'closed'],
  draining: ['closed'],
  closed: [],
};

/** Returns the next state; throws if it cannot follow the current one. */
export function transition(from: ConnectionState, to: ConnectionState): ConnectionState {
  if (!NEXT[from].includes(to)) throw new Error(`A connection cannot go from "${from}" to "${to}".`);
  return to;
}
