import type { StreamHandshake } from '../transport/stream-handshake.js';

/** What nestwire needs to know of a user; the application's type adds to it. */
export interface StreamUser {
  /** Unique among users; limits and sign-ins go by it. */
  readonly id: string;
  /** What `requiredScopes` of an endpoint is compared with. */
  readonly scopes?: readonly string[];
  /** Which of the user's credentials this is, as the `jti` of a token; `StreamsService.revoke` can name it. */
  readonly tokenId?: string;
  /** When the credential ends; the connection is asked to renew it then. A date or epoch milliseconds. */
  readonly expiresAt?: Date | number;
}

/**
 * Tells who a connection belongs to; the application extends it.
 *
 * Called once a connection, after the client's first frame, and once for each sign-in on an open one;
 * again with what the connection brought by `StreamsService.revoke` and each `recheckMs`.
 */
export abstract class StreamAuthenticator<User extends StreamUser = StreamUser> {
  /**
   * Returns the user of a credential, or null.
   *
   * Null with a credential refuses the connection (4501); null without one is an anonymous
   * connection. A thrown `UnauthorizedException`, `ForbiddenException` or coded UNAUTHENTICATED
   * refuses too; anything else thrown closes with 1011, and so does taking longer than
   * `limits.authenticationTimeoutMs`.
   */
  abstract authenticate(handshake: StreamHandshake): Promise<User | null> | User | null;
}
