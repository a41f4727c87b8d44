import { CloseCode } from '@nestwire/protocol';
import { SessionCloseReason, type SessionCloseCode } from '../session/session-close-reason.js';

const CODES: Readonly<Record<number, SessionCloseCode>> = {
  [CloseCode.Drain]: 'shutdown',
  // The credential is no longer valid, or belongs to another user.
  [CloseCode.Revoked]: 'identity-changed',
  [CloseCode.Unauthenticated]: 'identity-changed',
};

/** The codes with which a client closes for good; 1005 means that it sent no code. */
const CLOSED_BY_CLIENT: readonly number[] = [1000, 1005];

/** Returns the end reason of sessions whose connection the server did not close. */
export function lostReasonOf(closeCode: number): SessionCloseReason {
  return CLOSED_BY_CLIENT.includes(closeCode)
    ? new SessionCloseReason('closed-by-client', 'The client closed its connection.', closeCode)
    : new SessionCloseReason('connection-lost', 'The connection was lost.', closeCode);
}

/** Returns the end reason of sessions whose connection the server closes. */
export function endReasonOf(closeCode: number, text: string): SessionCloseReason {
  return new SessionCloseReason(CODES[closeCode] ?? 'connection-lost', text, closeCode);
}
