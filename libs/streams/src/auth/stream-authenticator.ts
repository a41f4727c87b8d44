import type { StreamHandshake } from '../transport/stream-handshake.js';

/**
 * The properties of a user that nestwire reads.
 *
 * The application's type adds its own.
 */
export interface StreamUser {
  /** The unique id of the user; limits, revocations and tokens use it. */
  readonly id: string;
  /** The scopes that `requiredScopes` of an endpoint is compared with. */
  readonly scopes?: readonly string[];
  /** The id of the credential, such as the `jti` of a token; `StreamsService.revoke` can name it. */
  readonly tokenId?: string;
  /** The expiry of the credential, as a date or epoch milliseconds; the client is then asked to renew it. */
  readonly expiresAt?: Date | number;
}

/**
 * Determines the user of a connection; the application extends it.
 *
 * It is called once per connection, after `hello`, and for each sign-in on an open connection.
 * `StreamsService.revoke` and `recheckMs` call it again with the same handshake.
 */
export abstract class StreamAuthenticator<User extends StreamUser = StreamUser> {
  /**
   * Returns the user of a credential, or null.
   *
   * Null with a credential refuses the connection (4501); null without one accepts it as anonymous. An
   * `UnauthorizedException`, `ForbiddenException` or coded UNAUTHENTICATED error also refuses. Any other
   * error closes with 1011, and so does exceeding `limits.authenticationTimeoutMs`.
   */
  abstract authenticate(handshake: StreamHandshake): Promise<User | null> | User | null;
}
