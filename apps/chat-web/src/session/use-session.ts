import { useState } from 'react';
import { forgetSession, keepSession, readSession, type Session } from './session.js';

/** The user of this tab, and how to change it. */
export interface SessionControl {
  readonly session: Session | null;
  /** The reason of the server when it has refused the last user; null otherwise. */
  readonly refusal: string | null;
  signIn(session: Session): void;
  signOut(refusal?: string): void;
}

/** Keeps the user of this tab. */
export function useSession(): SessionControl {
  const [session, setSession] = useState(readSession);
  const [refusal, setRefusal] = useState<string | null>(null);
  return {
    session,
    refusal,
    signIn(next) {
      keepSession(next);
      setSession(next);
    },
    signOut(reason) {
      forgetSession();
      setRefusal(reason ?? null);
      // The address names the room and the search of the user.
      history.replaceState(null, '', window.location.pathname);
      setSession(null);
    },
  };
}
