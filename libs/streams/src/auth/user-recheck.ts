import { CloseCode } from '@nestwire/protocol';
import type { LiveConnection } from '../connection/live-connection.js';
import type { SignIn, SignInResult } from './sign-in.js';
import type { StreamUser } from './stream-authenticator.js';
import type { UserRevocation, UsersToRecheck } from './user-revocation.js';

const MAX_AT_ONCE = 16;

/** The parameters of rechecks. */
export interface RecheckSetup {
  /** The maximum time between two rechecks of a connection, in milliseconds; 0 disables them. */
  readonly intervalMs: number;
  /** The deadline of the authenticator, in milliseconds; guards get the same time again. */
  readonly timeoutMs: number;
  readonly logError: (errorId: string, error: unknown) => void;
}

/**
 * Rechecks the users of open connections with the authenticator.
 *
 * A connection without access is closed. It works until the authenticator has answered; if that fails or
 * times out, it is closed.
 */
export class UserRecheck {
  readonly intervalMs: number;
  private readonly dueAt = new WeakMap<LiveConnection, number>();
  private readonly due: LiveConnection[] = [];
  private runningDue = 0;
  /** Connections of users that other servers have named. */
  private readonly toRecheck = new Set<LiveConnection>();
  private runningRechecks = 0;

  constructor(
    private readonly signIn: SignIn,
    private readonly setup: RecheckSetup,
  ) {
    this.intervalMs = signIn.isConfigured ? setup.intervalMs : 0;
  }

  /** Queues a connection for a recheck when it is due. */
  enqueueIfDue(connection: LiveConnection, now: number): void {
    if (!this.intervalMs || !connection.user) return;
    const dueAt = this.dueAt.get(connection);
    // Spread the rechecks, because many connections may have opened at once.
    if (dueAt === undefined) this.dueAt.set(connection, now + this.intervalMs * (0.5 + Math.random() / 2));
    else if (now >= dueAt) {
      this.dueAt.set(connection, Infinity);
      this.due.push(connection);
      this.startDue();
    }
  }

  /** Rechecks the connections of a revocation; resolves when all that must close are closed. */
  async revoke(revocation: UserRevocation, connections: () => Iterable<LiveConnection>): Promise<void> {
    this.signIn.invalidatePending(revocation.userId);
    // After this turn, a connection whose sign-in was just accepted has its user.
    await new Promise((resolve) => setImmediate(resolve));
    const concerned = [...connections()].filter(({ user }) => user && isAbout(revocation, user));
    await Promise.all(concerned.map((connection) => this.recheck(connection, CloseCode.Revoked)));
  }

  /**
   * Rechecks the connections of users that other servers named; resolves once all are queued.
   *
   * A connection that is queued already is rechecked once.
   */
  async recheckUsers(users: UsersToRecheck, connections: () => Iterable<LiveConnection>): Promise<void> {
    if (users !== 'all') for (const userId of users.keys()) this.signIn.invalidatePending(userId);
    await new Promise((resolve) => setImmediate(resolve));
    for (const connection of connections()) {
      const { user } = connection;
      const revocation = users === 'all' ? user && { userId: user.id } : user && users.get(user.id);
      if (user && revocation && isAbout(revocation, user)) this.toRecheck.add(connection);
    }
    this.startRechecks();
  }

  private startRechecks(): void {
    for (const connection of this.toRecheck) {
      if (this.runningRechecks >= MAX_AT_ONCE) return;
      this.toRecheck.delete(connection);
      this.runningRechecks++;
      void this.recheck(connection, CloseCode.Revoked).then(() => {
        this.runningRechecks--;
        this.startRechecks();
      });
    }
  }

  private startDue(): void {
    while (this.runningDue < MAX_AT_ONCE) {
      const connection = this.due.shift();
      if (!connection) return;
      this.runningDue++;
      void this.recheck(connection, CloseCode.CredentialExpired).then(() => {
        this.runningDue--;
        this.dueAt.delete(connection);
        this.startDue();
      });
    }
  }

  /** Rechecks one connection; never throws, and settles within twice the deadline. */
  private async recheck(connection: LiveConnection, refusal: CloseCode): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new Error('The access of an open connection could not be checked in time.');
      timer = setTimeout(() => reject(error), 2 * this.setup.timeoutMs);
    });
    try {
      await Promise.race([this.checkAccess(connection, refusal), late]);
    } catch (error) {
      this.setup.logError(connection.id, error);
      connection.close(CloseCode.CredentialExpired, 'the access could not be checked');
    } finally {
      clearTimeout(timer);
    }
  }

  private async checkAccess(connection: LiveConnection, refusal: CloseCode): Promise<void> {
    if (!connection.user || connection.hasEnded) return;
    const { handshake, identity } = connection;
    const result = await this.signIn.run(handshake);
    // A pending sign-in may replace the credential.
    await connection.signingIn;
    if (!connection.user || connection.hasEnded) return;
    // A connection with a new credential was checked with that one.
    if (connection.handshake !== handshake) return this.checkAccess(connection, refusal);
    if (result.outcome === 'failed') throw result.error;
    const close = reasonToClose(connection.user, result, refusal);
    if (close) return connection.close(...close);
    identity.renew((result as { user: StreamUser }).user);
    await connection.streams.reauthorize();
  }
}

function reasonToClose(
  user: StreamUser,
  result: SignInResult,
  refusal: CloseCode,
): readonly [code: number, reason: string] | undefined {
  if (result.outcome === 'accepted' && result.user) {
    if (result.user.id === user.id) return undefined;
    return [CloseCode.Unauthenticated, 'the credential is of another user'];
  }
  // An expired credential is refused anyway; the client may renew it.
  const hasExpired = user.expiresAt !== undefined && Date.now() >= Number(user.expiresAt);
  if (hasExpired) return [CloseCode.CredentialExpired, 'the credential expired'];
  return [refusal, 'the credential is no longer accepted'];
}

function isAbout({ userId, tokenId, scopes }: UserRevocation, user: StreamUser): boolean {
  if (user.id !== userId) return false;
  if (tokenId !== undefined && user.tokenId !== tokenId) return false;
  return !scopes || scopes.some((scope) => user.scopes?.includes(scope));
}
