import { HttpException, HttpStatus } from '@nestjs/common';
import { CodedError, ErrorCode } from '@nestwire/protocol';
import type { StreamHandshake } from '../transport/stream-handshake.js';
import { problemOfUserId } from './user-id.js';
import type { StreamAuthenticator, StreamUser } from './stream-authenticator.js';

/**
 * The outcome of a sign-in.
 *
 * `failed` is the server's fault, not the credential's. An `error` goes to the log.
 */
export type SignInResult =
  | { readonly outcome: 'accepted'; readonly user: StreamUser | null }
  | { readonly outcome: 'refused'; readonly error?: unknown }
  | { readonly outcome: 'failed'; readonly error: unknown };

/** An answer that is older than a few deadlines was not waited for. */
const MAX_PENDING_RECHECKS = 4;
/** The most users that are doubted at a time; the oldest doubt goes first. */
const MAX_INVALIDATIONS = 20_000;

/** Asks the application's authenticator, with a deadline, and judges what it says. */
export class SignIn {
  /** Users whose credentials may have ended while an answer was under way, the latest last. */
  private readonly invalidations = new Map<string, { readonly number: number; readonly at: number }>();
  private lastInvalidation = 0;

  constructor(
    private readonly authenticator: StreamAuthenticator | undefined,
    private readonly timeoutMs: number,
  ) {}

  /** Whether there is anybody to ask. */
  get isConfigured(): boolean {
    return this.authenticator !== undefined;
  }

  /** Never throws: a credential that is presented and not accepted is refused, never anonymous. */
  async run(handshake: StreamHandshake): Promise<SignInResult> {
    const { lastInvalidation } = this;
    const result = await this.attempt(handshake);
    const user = result.outcome === 'accepted' ? result.user : null;
    // What was answered may be from before the doubt.
    return user && (this.invalidations.get(user.id)?.number ?? 0) > lastInvalidation
      ? this.run(handshake)
      : result;
  }

  /** Lets what is asked at this moment be asked again, where it is about this user. */
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
      const message = `The authenticator did not answer within ${this.timeoutMs} ms: raise "limits.authenticationTimeoutMs" if it needs longer.`;
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
  // It would never expire.
  if (expiresAt !== undefined && Number.isNaN(Number(expiresAt)))
    return { outcome: 'failed', error: invalidExpiry() };
  return { outcome: 'accepted', user: user as StreamUser };
}

function badUserId(problem: string): Error {
  return new Error(`The authenticator returned a user whose "id" ${problem}.`);
}

function invalidExpiry(): Error {
  return new Error(
    'The authenticator returned a user whose "expiresAt" is no time: give a Date, epoch milliseconds, or leave it out.',
  );
}

function isRefusal(error: unknown): boolean {
  if (error instanceof CodedError)
    return error.code === ErrorCode.Unauthenticated || error.code === ErrorCode.Forbidden;
  if (!(error instanceof HttpException)) return false;
  return error.getStatus() === HttpStatus.UNAUTHORIZED || error.getStatus() === HttpStatus.FORBIDDEN;
}
