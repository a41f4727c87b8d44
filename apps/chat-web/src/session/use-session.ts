import { useState } from 'react';
import { forgetSession, keepSession, readSession, type Session } from './session.js';

/** The user of this tab, and how to change it. */
export interface SessionControl {
  readonly session: Session | null;
  signIn(session: Session): void;
  signOut(): void;
}

/** Keeps the user of this tab. */
export function useSession(): SessionControl {
  const [session, setSession] = useState(readSession);
  return {
    session,
    signIn(next) {
      keepSession(next);
      setSession(next);
    },
    signOut() {
      forgetSession();
      // The address names the room and the search of the user.
      history.replaceState(null, '', window.location.pathname);
      setSession(null);
    },
  };
}
