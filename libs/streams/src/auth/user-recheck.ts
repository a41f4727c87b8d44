import { CloseCode } from '@nestwire/protocol';
import type { LiveConnection } from '../connection/live-connection.js';
import type { SignIn, SignInResult } from './sign-in.js';
import type { StreamUser } from './stream-authenticator.js';
import type { UserRevocation, UsersToRecheck } from './user-revocation.js';

const MAX_AT_ONCE = 16;

/** What a recheck is set up with. */
export interface RecheckSetup {
  /** The longest time between two rechecks of a connection; 0 for none. */
  readonly intervalMs: number;
  /** The authenticator's time; guards get the same once more. */
  readonly timeoutMs: number;
  readonly logError: (errorId: string, error: unknown) => void;
}

/**
 * Asks the authenticator again about connections that are open.
 *
 * What may no longer be open is closed. Until there is an answer a connection goes on as before; what cannot be answered is closed.
 */
export class UserRecheck {
  readonly intervalMs: number;
  private readonly dueAt = new WeakMap<LiveConnection, number>();
  private readonly due: LiveConnection[] = [];
  private runningDue = 0;
  /** Connections of users whom other servers doubt. */
  private readonly toRecheck = new Set<LiveConnection>();
  private runningRechecks = 0;

  constructor(
    private readonly signIn: SignIn,
    private readonly setup: RecheckSetup,
  ) {
    this.intervalMs = signIn.isConfigured ? setup.intervalMs : 0;
  }

  /** Puts a connection in line when its time has come. */
  enqueueIfDue(connection: LiveConnection, now: number): void {
    if (!this.intervalMs || !connection.user) return;
    const dueAt = this.dueAt.get(connection);
    // Spread, as many connections may have come at once.
    if (dueAt === undefined) this.dueAt.set(connection, now + this.intervalMs * (0.5 + Math.random() / 2));
    else if (now >= dueAt) {
      this.dueAt.set(connection, Infinity);
      this.due.push(connection);
      this.startDue();
    }
  }

  /** Judges the connections that a revocation is about; resolves when none is left that it closes. */
  async revoke(revocation: UserRevocation, connections: () => Iterable<LiveConnection>): Promise<void> {
    this.signIn.invalidatePending(revocation.userId);
    // A connection whose sign-in was answered just before has its user by the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    const concerned = [...connections()].filter(({ user }) => user && isAbout(revocation, user));
    await Promise.all(concerned.map((connection) => this.recheck(connection, CloseCode.Revoked)));
  }

  /**
   * Judges the connections of users whom other servers doubt, a few at a time; resolves once all are in line.
   *
   * A connection that waits already is judged once.
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

  /** Never throws, and settles in time. */
  private async recheck(connection: LiveConnection, refusal: CloseCode): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new Error('The access of an open connection could not be judged in time.');
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
    // A sign-in that is under way brings another credential, or leaves this one in force.
    await connection.signingIn;
    if (!connection.user || connection.hasEnded) return;
    // A connection with another credential is judged by that one.
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
  // It would be refused without a revocation too: another one may be accepted.
  const hasExpired = user.expiresAt !== undefined && Date.now() >= Number(user.expiresAt);
  if (hasExpired) return [CloseCode.CredentialExpired, 'the credential expired'];
  return [refusal, 'the credential is no longer accepted'];
}

function isAbout({ userId, tokenId, scopes }: UserRevocation, user: StreamUser): boolean {
  if (user.id !== userId) return false;
  if (tokenId !== undefined && user.tokenId !== tokenId) return false;
  return !scopes || scopes.some((scope) => user.scopes?.includes(scope));
}
