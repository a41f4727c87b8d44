import type { StreamHandshake } from '../transport/stream-handshake.js';
import type { StreamUser } from './stream-authenticator.js';

/**
 * An identity of a connection, from one sign-in to the next that changes the user.
 *
 * A session keeps its identity, so a handler that is still running after a sign-out keeps its user.
 */
export class Identity {
  constructor(
    /** The user; null for an anonymous client. */
    public user: StreamUser | null,
    /** The headers and address of the connection, with the credential of this identity. */
    public handshake: StreamHandshake,
    private readonly connectionId: string,
  ) {}

  /**
   * The subject of resume tokens: the user, or the secret client id of an anonymous client.
   *
   * Without a client id it is the connection, so that such tokens are useless later.
   */
  get holder(): string {
    if (this.user) return `user:${this.user.id}`;
    const { resumeName } = this.handshake;
    return resumeName === undefined ? `connection:${this.connectionId}` : `client:${resumeName}`;
  }

  /** Returns true when a user has the id of this identity's user. */
  isOf(user: StreamUser | null): boolean {
    return this.user?.id === user?.id;
  }

  /** Stores a newer credential, or newer scopes, of the same user. */
  renew(user: StreamUser | null, handshake: StreamHandshake = this.handshake): void {
    this.user = user;
    this.handshake = handshake;
  }
}
