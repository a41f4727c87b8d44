import { randomUUID } from 'node:crypto';
import type { StreamAuthenticator, StreamHandshake, StreamUser } from '@nestwire/streams';

/** Lets tests connect as any user, in addition to those of the application. */
export class GivenUsers {
  private readonly users = new Map<string | null, StreamUser>();

  constructor(authenticator: StreamAuthenticator) {
    const authenticate = authenticator.authenticate.bind(authenticator);
    authenticator.authenticate = (handshake: StreamHandshake) =>
      this.users.get(handshake.token) ?? authenticate(handshake);
  }

  /** Returns a credential for a user. */
  tokenFor(user: StreamUser): string {
    const token = `given-user-${randomUUID()}`;
    this.users.set(token, user);
    return token;
  }
}
