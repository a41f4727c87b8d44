import { CloseCode } from '@nestwire/protocol';
import { SessionCloseReason, type SessionCloseCode } from '../session/session-close-reason.js';

const CODES: Readonly<Record<number, SessionCloseCode>> = {
  [CloseCode.Drain]: 'shutdown',
  // The credential is of nobody any more, or of another user.
  [CloseCode.Revoked]: 'identity-changed',
  [CloseCode.Unauthenticated]: 'identity-changed',
};

/** Codes with which a client closes for good; without a code where it gave none, as browsers do. */
const CLOSED_BY_CLIENT: readonly number[] = [1000, 1005];

/** Returns why the sessions of a connection end that has ended by itself. */
export function lostReasonOf(closeCode: number): SessionCloseReason {
  return CLOSED_BY_CLIENT.includes(closeCode)
    ? new SessionCloseReason('closed-by-client', 'The client closed its connection.', closeCode)
    : new SessionCloseReason('connection-lost', 'The connection was lost.', closeCode);
}

/** Returns why the sessions of a connection end that the server closes. */
export function endReasonOf(closeCode: number, text: string): SessionCloseReason {
  return new SessionCloseReason(CODES[closeCode] ?? 'connection-lost', text, closeCode);
}
