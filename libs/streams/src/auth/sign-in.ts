import { HttpException, HttpStatus } from '@nestjs/common';
import { CodedError, ErrorCode } from '@nestwire/protocol';
import type { StreamHandshake } from '../transport/stream-handshake.js';
import { problemOfUserId } from './user-id.js';
import type { StreamAuthenticator, StreamUser } from './stream-authenticator.js';

/**
 * The outcome of a sign-in.
 *
 * `failed` means an error of the server, not of the credential. `error` is logged.
 */
export type SignInResult =
  | { readonly outcome: 'accepted'; readonly user: StreamUser | null }
  | { readonly outcome: 'refused'; readonly error?: unknown }
  | { readonly outcome: 'failed'; readonly error: unknown };

/** The number of deadlines after which a call counts as abandoned. */
const MAX_PENDING_RECHECKS = 4;
/** The maximum number of remembered invalidations; the oldest is dropped first. */
const MAX_INVALIDATIONS = 20_000;

/** Calls the application's authenticator with a deadline, and checks the result. */
export class SignIn {
  /** Users whose access may have ended during a call of the authenticator, the latest last. */
  private readonly invalidations = new Map<string, { readonly number: number; readonly at: number }>();
  private lastInvalidation = 0;

  constructor(
    private readonly authenticator: StreamAuthenticator | undefined,
    private readonly timeoutMs: number,
  ) {}

  /** True when the application has an authenticator. */
  get isConfigured(): boolean {
    return this.authenticator !== undefined;
  }

  /** Signs in; never throws. A presented credential that is not accepted is refused, never anonymous. */
  async run(handshake: StreamHandshake): Promise<SignInResult> {
    const { lastInvalidation } = this;
    const result = await this.attempt(handshake);
    const user = result.outcome === 'accepted' ? result.user : null;
    // The authenticator may have answered before the invalidation.
    return user && (this.invalidations.get(user.id)?.number ?? 0) > lastInvalidation
      ? this.run(handshake)
      : result;
  }

  /** Repeats the pending calls of the authenticator that return this user. */
  invalidatePending(userId: string): void {
    const now = performance.now();
    this.invalidations.delete(userId);
    this.invalidations.set(userId, { number: ++this.lastInvalidation, at: now });
    for (const [id, { at }] of this.invalidations) {
      if (now - at <= MAX_PENDING_RECHECKS * this.timeoutMs && this.invalidations.size <= MAX_INVALIDATIONS)
        return;
      this.invalidations.delete(id);
    }
  }

  private async attempt(handshake: StreamHandshake): Promise<SignInResult> {
    if (!this.authenticator) {
      return handshake.token === null ? { outcome: 'accepted', user: null } : { outcome: 'refused' };
    }
    try {
      return classify(await this.ask(this.authenticator, handshake), handshake);
    } catch (error) {
      return isRefusal(error) ? { outcome: 'refused' } : { outcome: 'failed', error };
    }
  }

  private async ask(authenticator: StreamAuthenticator, handshake: StreamHandshake): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise((_, reject) => {
      const message = `The authenticator did not answer within ${this.timeoutMs} ms. If it needs longer, raise "limits.authenticationTimeoutMs".`;
      timer = setTimeout(() => reject(new Error(message)), this.timeoutMs);
    });
    try {
      return await Promise.race([authenticator.authenticate(handshake), deadline]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function classify(user: unknown, { token }: StreamHandshake): SignInResult {
  if (user === null || user === undefined) {
    return token === null ? { outcome: 'accepted', user: null } : { outcome: 'refused' };
  }
  const { id, expiresAt } = user as Partial<StreamUser>;
  if (typeof id !== 'string' || !id) return { outcome: 'refused' };
  const problem = problemOfUserId(id);
  if (problem) return { outcome: 'refused', error: badUserId(problem) };
  // An invalid date would never expire.
  if (expiresAt !== undefined && Number.isNaN(Number(expiresAt)))
    return { outcome: 'failed', error: invalidExpiry() };
  return { outcome: 'accepted', user: user as StreamUser };
}

function badUserId(problem: string): Error {
  return new Error(`The authenticator returned a user whose "id" ${problem}.`);
}

function invalidExpiry(): Error {
  return new Error(
    'The authenticator returned a user with an invalid "expiresAt". Return a Date, epoch milliseconds, or leave it out.',
  );
}

function isRefusal(error: unknown): boolean {
  if (error instanceof CodedError)
    return error.code === ErrorCode.Unauthenticated || error.code === ErrorCode.Forbidden;
  if (!(error instanceof HttpException)) return false;
  return error.getStatus() === HttpStatus.UNAUTHORIZED || error.getStatus() === HttpStatus.FORBIDDEN;
}
