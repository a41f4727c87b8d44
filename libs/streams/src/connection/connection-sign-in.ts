import { CloseCode, CodedError, ErrorCode } from '@nestwire/protocol';
import type { AuthFrame, ClientFrame, FramePayload, HelloFrame } from '@nestwire/protocol/codec';
import { Identity } from '../auth/identity.js';
import { SignInAllowance } from '../auth/sign-in-allowance.js';
import type { GatedSignIn, SigningIn } from '../auth/sign-in-gate.js';
import type { StreamUser } from '../auth/stream-authenticator.js';
import { withHello, withToken, type StreamHandshake } from '../transport/stream-handshake.js';
import { CloseText } from './client-log.js';
import type { ConnectionContext } from './connection-context.js';
import { tooManyRefusedCredentials, tooManySignIns } from './connection.errors.js';
import { EarlyFrames, type EarlyFrame } from './early-frames.js';

/** A connection whose user a sign-in decides. */
export interface SigningConnection extends SigningIn {
  readonly user: StreamUser | null;
  readonly identity: Identity;
  readonly handshake: StreamHandshake;
  /** True once the result of a sign-in has no effect: the connection drains or is closed. */
  readonly hasLeft: boolean;
  /** Counts the connection for a user; closes it and returns false when the user has too many. */
  countFor(user: StreamUser | null): boolean;
  /** Sets the first identity and answers `hello`. */
  welcome(identity: Identity, hello: HelloFrame): Promise<void>;
  /** Replaces the identity, ends the sessions of the former one, and answers `auth`. */
  signedIn(identity: Identity, authId: number): Promise<void>;
  /** Handles frames again, after a refused sign-in. */
  resume(): void;
  fail(id: number, error: CodedError): void;
  close(code: number, reason: string): void;
}

/**
 * The sign-ins of one connection: the one of `hello` and those of `auth`.
 *
 * It keeps the frames that arrive meanwhile, bounded in number and bytes.
 */
export class ConnectionSignIn {
  /** The sign-in with `auth` that began last; it never rejects. */
  running: Promise<void> | undefined;
  private authId = 0;
  private readonly allowance: SignInAllowance;
  private readonly early: EarlyFrames;

  constructor(
    private readonly context: ConnectionContext,
    private readonly connection: SigningConnection,
  ) {
    this.allowance = new SignInAllowance(context.limits);
    this.early = new EarlyFrames(context.limits, context.earlyBudget, connection);
  }

  /** Keeps a frame until the sign-in is decided; returns false when there is no room. */
  keep(frame: ClientFrame, payload: FramePayload, bytes: number): boolean {
    return this.early.add(frame, payload, bytes);
  }

  /** Returns the kept frames in order and keeps none. */
  takeKept(): readonly EarlyFrame[] {
    return this.early.take();
  }

  /** Returns whether an undecided `auth` or a kept frame has this id. */
  awaits(id: number): boolean {
    return id === this.authId || this.early.awaits(id);
  }

  /** Counts an `auth`; refuses it and returns false when there are too many. */
  admit({ id }: AuthFrame): boolean {
    const waitMs = this.allowance.begin(performance.now());
    if (waitMs) this.connection.fail(id, tooManySignIns(waitMs));
    return waitMs === 0;
  }

  /** Signs in with the credential of `hello`, or of the upgrade request. */
  async hello(frame: HelloFrame): Promise<void> {
    const { connection } = this;
    const handshake = withHello(connection.handshake, frame);
    const result = await this.authenticate(handshake);
    if (connection.hasLeft) return;
    if (result.outcome !== 'accepted') return this.close(result);
    if (!connection.countFor(result.user)) return;
    await connection.welcome(new Identity(result.user, handshake, connection.id), frame);
  }

  /** Signs in, or out, with the credential of `auth`. */
  auth(frame: AuthFrame): void {
    this.running = this.decide(frame);
  }

  private async decide({ id, token }: AuthFrame): Promise<void> {
    const { connection } = this;
    this.authId = id;
    const handshake = withToken(connection.handshake, token);
    const result: GatedSignIn =
      token === null ? { outcome: 'accepted', user: null } : await this.authenticate(handshake);
    if (connection.hasLeft) return;
    if (result.outcome === 'failed') return this.close(result);
    if (result.outcome !== 'accepted') return this.refuse(id, result);
    if (!connection.countFor(result.user)) return;
    const { identity } = connection;
    const isSame = identity.isOf(result.user);
    if (isSame) identity.renew(result.user, handshake);
    await connection.signedIn(isSame ? identity : new Identity(result.user, handshake, connection.id), id);
  }

  private authenticate(handshake: StreamHandshake): Promise<GatedSignIn> {
    return this.context.signInGate.run(this.connection, handshake, () => !this.connection.hasLeft);
  }

  /** Refuses an `auth`; the former identity stays, unless there were too many attempts. */
  private refuse(id: number, result: GatedSignIn): void {
    const { connection } = this;
    if (result.outcome === 'limited') connection.fail(id, tooManyRefusedCredentials(result.retryAfterMs));
    else {
      this.logRefusal(result);
      if (this.allowance.refuse(performance.now()))
        return connection.close(CloseCode.Unauthenticated, 'too many credentials were not accepted');
      connection.fail(id, new CodedError(ErrorCode.Unauthenticated, 'The credential was not accepted.'));
    }
    connection.resume();
  }

  private close(result: GatedSignIn): void {
    const { connection } = this;
    if (result.outcome === 'limited')
      return connection.close(CloseCode.RateLimited, CloseText.CredentialsLimited);
    if (result.outcome === 'failed') {
      this.context.logError(connection.id, result.error);
      return connection.close(CloseCode.InternalError, 'authentication failed');
    }
    this.logRefusal(result);
    connection.close(CloseCode.Unauthenticated, 'the credential was not accepted');
  }

  private logRefusal(result: GatedSignIn): void {
    if ('error' in result && result.error !== undefined)
      this.context.logError(this.connection.id, result.error);
    else this.context.clientLog.credentialRefused(this.connection.handshake.address);
  }
}
