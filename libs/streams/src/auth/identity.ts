import type { StreamHandshake } from '../transport/stream-handshake.js';
import type { StreamUser } from './stream-authenticator.js';

/**
 * An identity of a connection, from one sign-in to the next that changes it.
 *
 * A session belongs to its identity for good, so a handler that runs on after a sign-out keeps its user.
 */
export class Identity {
  constructor(
    /** The user; null for an anonymous client. */
    public user: StreamUser | null,
    /** Headers and address of the connection, with the credential of this identity. */
    public handshake: StreamHandshake,
    private readonly connectionId: string,
  ) {}

  /**
   * The subject of resume tokens: the user, or the secret client id of an anonymous client.
   *
   * A client without an id has the connection alone, so its tokens open nothing later.
   */
  get holder(): string {
    if (this.user) return `user:${this.user.id}`;
    const { resumeName } = this.handshake;
    return resumeName === undefined ? `connection:${this.connectionId}` : `client:${resumeName}`;
  }

  /** Returns whether a user is the one of this identity. */
  isOf(user: StreamUser | null): boolean {
    return this.user?.id === user?.id;
  }

  /** Takes a newer credential, or newer scopes, of the same user. */
  renew(user: StreamUser | null, handshake: StreamHandshake = this.handshake): void {
    this.user = user;
    this.handshake = handshake;
  }
}
