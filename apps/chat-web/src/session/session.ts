import type { ChatProfile } from '@nestwire/chat/client';

/** A signed-in user with the token for the server. */
export interface Session {
  readonly token: string;
  readonly user: ChatProfile;
}

const TAB_KEY = 'nestwire-chat.session';
const RECENT_KEY = 'nestwire-chat.recent';
const MAX_RECENT = 3;

/** The user of this tab, which a reload keeps; each tab may have another one. */
export function readSession(): Session | null {
  return parse<Session>(sessionStorage.getItem(TAB_KEY));
}

/** Keeps the user of this tab, and offers it to the next tabs. */
export function keepSession(session: Session): void {
  sessionStorage.setItem(TAB_KEY, JSON.stringify(session));
  const others = recentSessions().filter(({ user }) => user.id !== session.user.id);
  localStorage.setItem(RECENT_KEY, JSON.stringify([session, ...others].slice(0, MAX_RECENT)));
}

/** Signs the user of this tab out. */
export function forgetSession(): void {
  sessionStorage.removeItem(TAB_KEY);
}

/** Forgets a user, who cannot sign in again or does not want to. */
export function dropRecent(userId: string): void {
  const others = recentSessions().filter(({ user }) => user.id !== userId);
  localStorage.setItem(RECENT_KEY, JSON.stringify(others));
}

/** The last users of this browser, the newest first. */
export function recentSessions(): readonly Session[] {
  return parse<Session[]>(localStorage.getItem(RECENT_KEY)) ?? [];
}

/**
 * Asks the server for a new user.
 *
 * @throws {Error} with a text for people when the server refuses the name or is unreachable
 */
export async function requestSession(name: string): Promise<Session> {
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  }).catch(() => {
    throw new Error('The server cannot be reached. Try again.');
  });
  const body = (await response.json()) as Session & { readonly message?: string | readonly string[] };
  if (response.ok) return body;
  throw new Error([body.message ?? 'The server refused the name.'].flat().join(' '));
}

function parse<T>(text: string | null): T | null {
  try {
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}
