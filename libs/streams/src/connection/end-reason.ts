import { CloseCode } from '@nestwire/protocol';
import { SessionCloseReason, type SessionCloseCode } from '../session/session-close-reason.js';

const CODES: Readonly<Record<number, SessionCloseCode>> = {
  [CloseCode.Drain]: 'shutdown',
  // The credential is of nobody any more, or of another user.
  [CloseCode.Revoked]: 'identity-changed',
  [CloseCode.Unauthenticated]: 'identity-changed',
};

/** Returns why the sessions of a connection end that the server closes. */
export function endReasonOf(closeCode: number, text: string): SessionCloseReason {
  return new SessionCloseReason(CODES[closeCode] ?? 'connection-lost', text, closeCode);
}
