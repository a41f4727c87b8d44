import { StreamAuthenticator } from '@nestwire/streams';

/**
 * Makes a token of a user that contains its own expiry.
 *
 * @param {string} userId
 * @param {number} lifeMs
 */
export function issueToken(userId, lifeMs) {
  return `${Date.now() + lifeMs} ${userId}`;
}

/** Accepts tokens until they expire. */
export class ExpiringAuthenticator extends StreamAuthenticator {
  /** @param {{ token: string | null }} handshake */
  authenticate({ token }) {
    const [expiry, id] = token?.split(' ') ?? [];
    const expiresAt = Number(expiry);
    return id && expiresAt > Date.now() ? { id, expiresAt } : null;
  }
}
