import { StreamAuthenticator } from '@nestwire/streams';

/** Makes a token that is good for a while, in milliseconds; it says so itself. */
export function issueToken(lifeMs) {
  return String(Date.now() + lifeMs);
}

/** Accepts tokens until they expire. */
export class ExpiringAuthenticator extends StreamAuthenticator {
  authenticate({ token }) {
    const expiresAt = Number(token);
    return expiresAt > Date.now() ? { id: 'reader', expiresAt } : null;
  }
}
