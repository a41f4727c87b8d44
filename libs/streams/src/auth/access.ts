import { CodedError, ErrorCode } from '@nestwire/protocol';
import type { AnySession } from '../enhancers/stream-context.js';

/** The sign-in and scopes that an endpoint requires. */
export interface Access {
  readonly requireLogin: boolean;
  readonly requiredScopes: readonly string[];
}

/**
 * Checks `requireLogin` and `requiredScopes` against the session's current user.
 *
 * @throws {CodedError} UNAUTHENTICATED without a user; FORBIDDEN when a scope is missing
 */
export function checkAccess({ requireLogin, requiredScopes }: Access, session: AnySession): void {
  if (!requireLogin && !requiredScopes.length) return;
  const user = session.user as { scopes?: Iterable<string> } | null | undefined;
  if (!user) throw new CodedError(ErrorCode.Unauthenticated, `"${session.endpoint}" requires a sign-in.`);
  if (!requiredScopes.length) return;
  const scopes = new Set(user.scopes);
  const missing = requiredScopes.filter((scope) => !scopes.has(scope));
  if (missing.length)
    throw new CodedError(
      ErrorCode.Forbidden,
      `"${session.endpoint}" requires the scope ${missing.join(', ')}, which the user lacks.`,
    );
}
