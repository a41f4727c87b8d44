import { HttpException, HttpStatus } from '@nestjs/common';
import { CodedError, ErrorCode } from '@nestwire/protocol';
import type { StreamHandshake } from '../session/stream-handshake.js';
import type { StreamAuthenticator, StreamUser } from './stream-authenticator.js';

/** What became of a sign-in: `failed` is the server's fault, not the credential's. */
export type SignInResult =
  | { readonly outcome: 'accepted'; readonly user: StreamUser | null }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'failed'; readonly error: unknown };

/** Asks the application's authenticator, with a deadline, and judges what it says. */
export class SignIn {
  constructor(
    private readonly authenticator: StreamAuthenticator | undefined,
    private readonly timeoutMs: number,
  ) {}

  /** Never throws: a credential that is presented and not accepted is refused, never anonymous. */
  async run(handshake: StreamHandshake): Promise<SignInResult> {
    if (!this.authenticator) {
      return handshake.token === null ? { outcome: 'accepted', user: null } : { outcome: 'refused' };
    }
    try {
      return judge(await this.ask(this.authenticator, handshake), handshake);
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

function judge(user: unknown, { token }: StreamHandshake): SignInResult {
  if (user === null || user === undefined) {
    return token === null ? { outcome: 'accepted', user: null } : { outcome: 'refused' };
  }
  const id = (user as { id?: unknown }).id;
  return typeof id === 'string' && id
    ? { outcome: 'accepted', user: user as StreamUser }
    : { outcome: 'refused' };
}

function isRefusal(error: unknown): boolean {
  if (error instanceof CodedError)
    return error.code === ErrorCode.Unauthenticated || error.code === ErrorCode.Forbidden;
  if (!(error instanceof HttpException)) return false;
  return error.getStatus() === HttpStatus.UNAUTHORIZED || error.getStatus() === HttpStatus.FORBIDDEN;
}
