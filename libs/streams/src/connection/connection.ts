import { CloseCode, CodedError, ErrorCode } from '@nestwire/protocol';
import {
  FrameFault,
  JSON_SUBPROTOCOL,
  type AuthFrame,
  type ClientFrame,
  type Codec,
  type FramePayload,
  type HelloFrame,
  type ServerFrame,
} from '@nestwire/protocol/codec';
import { wireErrorOf } from '@nestwire/protocol/internal';
import { slicedWork } from '@nestwire/messages/internal';
import { ConnectionSubscriptions } from '../subscriptions/connection-subscriptions.js';
import type {
  SubscribedConnection,
  SubscribedSession,
  FrameSink,
} from '../subscriptions/client-subscription.js';
import { MAX_RESUME_BYTES } from '../subscriptions/resume-bytes.js';
import type { BeginTask } from '../fairness/fair-queue.js';
import { SessionCloseReason } from '../session/session-close-reason.js';
import type { StreamHandshake } from '../transport/stream-handshake.js';
import type { MessageForm, Wire, WireReceiver } from '../transport/wire.js';
import type { SharedPayload } from '../transport/shared-payload.js';
import { AnswerAllowance } from './outbound/answer-allowance.js';
import { CloseText } from './client-log.js';
import { AnswerWriter } from './outbound/answer-writer.js';
import type { ConnectionContext } from './connection-context.js';
import { ConnectionStreams, type ConnectionOwner } from './connection-streams.js';
import { ConnectionWatch, type Watched } from './connection-watch.js';
import { EarlyFrames } from './early-frames.js';
import { Identity } from '../auth/identity.js';
import { InboundGate } from './inbound-gate.js';
import { endReasonOf, lostReasonOf } from './end-reason.js';
import {
  draining,
  duplicateId,
  rateLimited,
  tooEarly,
  tooManyAnswers,
  tooManyRefusedCredentials,
  tooManySignIns,
} from './connection.errors.js';
import type { MessageFrames } from './outbound/message-frames.js';
import { OutboundQueue, type OutboundOwner } from './outbound/outbound-queue.js';
import type { GatedSignIn } from '../auth/sign-in-gate.js';
import { ReadAllowance } from '../fairness/read-allowance.js';
import { SignInAllowance } from '../auth/sign-in-allowance.js';
import type { StreamUser } from '../auth/stream-authenticator.js';
import { MAX_USER_ID_CHARACTERS } from '../auth/user-id.js';
import { welcomeFrame } from './outbound/welcome-frame.js';

/**
 * One WebSocket of one client.
 *
 * It hears hello, knows its user and hands frames to its streams.
 *
 * A frame is admitted, decoded and routed, in this order; `route` shows where each kind goes.
 */
export class Connection
  implements WireReceiver, OutboundOwner, SubscribedConnection, Watched, ConnectionOwner
{
  readonly streams: ConnectionStreams;
  readonly subscriptions: ConnectionSubscriptions;
  readonly watch: ConnectionWatch;
  readonly outbox: OutboundQueue;
  readonly frames: MessageFrames;
  signingIn: Promise<void> | undefined;
  identity: Identity;
  private state: 'greeting' | 'signing-in' | 'ready' | 'draining' | 'closed' = 'greeting';
  private signInId = 0;
  private spreadMs: number | undefined;
  readonly answers: AnswerWriter;
  readonly reads: ReadAllowance;
  private readonly gate: InboundGate;
  private readonly allowance: AnswerAllowance;
  private readonly signIns: SignInAllowance;
  private readonly early: EarlyFrames;

  constructor(
    readonly id: string,
    private readonly wire: Wire,
    private readonly context: ConnectionContext,
    handshake: StreamHandshake,
  ) {
    this.identity = new Identity(null, handshake, id);
    const { limits } = context;
    const now = performance.now();
    // A client that offered nothing that the server has is told so in JSON.
    this.frames = context.frames.get(wire.subprotocol) ?? context.frames.get(JSON_SUBPROTOCOL)!;
    this.watch = new ConnectionWatch(this, wire, context, now);
    this.gate = new InboundGate(limits, now);
    this.allowance = new AnswerAllowance(limits, wire);
    this.reads = new ReadAllowance(context, this);
    this.signIns = new SignInAllowance(limits);
    this.early = new EarlyFrames(limits, context.earlyBudget, this);
    const bounds = { softBytes: limits.outboundSoftBytes, hardBytes: limits.outboundHardBytes };
    this.outbox = new OutboundQueue(wire, bounds, context.coalescer, this);
    this.answers = new AnswerWriter(this.gate, this.allowance, this.outbox, this.frames);
    this.subscriptions = new ConnectionSubscriptions(context.channels, this, limits);
    this.streams = new ConnectionStreams(context, this, this.outbox, this.subscriptions);
  }

  message(data: Buffer, form: MessageForm, wireBytes = 0): void {
    if (this.state === 'closed') return;
    const { codec } = this;
    if (codec.isBinary !== (form === 'binary'))
      return this.close(CloseCode.UnsupportedData, `frames are ${codec.isBinary ? 'binary' : 'text'}`);
    const now = performance.now();
    this.watch.received(now);
    const retryAfterMs = this.gate.admit(data.length + wireBytes, now);
    if (retryAfterMs) return this.refuseRate(data, retryAfterMs, now);
    this.gate.begin(now);
    const payload = codec.isBinary ? data : data.toString();
    const frame = codec.decodeClientFrame(payload);
    if (frame instanceof FrameFault) this.refuseBadFrame(frame, now);
    else this.route(frame, payload, data.length);
    this.gate.end();
  }

  reading(): void {
    this.context.coalescer.beginRead();
  }

  caughtUp(): void {
    this.context.coalescer.endRead(this.outbox);
  }

  control(): void {
    const now = performance.now();
    this.watch.received(now);
    if (this.gate.admit(0, now) && this.gate.refuse(now)) this.closeForRate();
  }

  drained(): void {
    this.outbox.drained();
  }

  faulty(error: Error): void {
    this.context.clientLog.faulty(error, this.handshake.address);
  }

  closed(code: number): void {
    const reason = lostReasonOf(code);
    this.stop();
    // Many connections may be lost at the same time.
    void slicedWork.forEach([reason], (why) => {
      void this.streams.endAll(why).then(() => this.context.registry.forget(this));
    });
  }

  get user(): StreamUser | null {
    return this.identity.user;
  }

  get handshake(): StreamHandshake {
    return this.identity.handshake;
  }

  get isSigningIn(): boolean {
    return this.state === 'signing-in';
  }

  get hasEnded(): boolean {
    return this.state === 'closed';
  }

  get codec(): Codec {
    return this.frames.codec;
  }

  pushPublication(frame: SharedPayload): boolean {
    if (this.outbox.isAboveSoftBound) return false;
    this.outbox.push(frame);
    return true;
  }

  readInTurn(begin: BeginTask): (() => void) | undefined {
    return this.context.readTurns.read(this, begin);
  }

  snapshotInTurn(begin: BeginTask): (() => void) | undefined {
    return this.context.readTurns.snapshot(this, begin);
  }

  beforeFlush(): void {
    this.streams.writeAcks();
  }

  overflowed(): void {
    this.close(CloseCode.SlowConsumer, 'the client reads too slowly');
  }

  ping(): void {
    this.send({ t: 'ping' });
  }

  checkDeadlines(now: number): void {
    this.streams.checkDeadlines(now);
    this.subscriptions.checkResumeTokens(now);
  }

  /** Ends all sessions and starts the closing handshake; what is queued leaves first. */
  close(code: number, reason: string): void {
    if (this.state === 'closed') return;
    const now = performance.now();
    this.watch.closing(now);
    this.context.clientLog.closed(code, reason, this.handshake.address);
    if (code === CloseCode.SlowConsumer) this.watch.closingSlow(now);
    else this.outbox.flush();
    this.stop();
    void this.streams.endAll(endReasonOf(code, reason));
    this.wire.close(code, reason);
  }

  /** Asks the client to come back elsewhere; it is served until it leaves. */
  goAway(spreadMs: number): void {
    this.spreadMs = spreadMs;
    // Before `welcome` nobody listens.
    if (!this.watch.isGreeting) this.send({ t: 'goaway', spreadMs });
  }

  /** Lets the handlers finish, refuses what is new, then closes. */
  async drain(): Promise<void> {
    if (this.state === 'closed') return;
    this.state = 'draining';
    await this.streams.idle();
    await this.streams.endAll(new SessionCloseReason('shutdown', 'The server shuts down.', CloseCode.Drain));
    this.close(CloseCode.Drain, 'the server drains');
  }

  private route(frame: ClientFrame, payload: FramePayload, bytes: number): void {
    if (this.state === 'greeting') return this.greet(frame, bytes);
    if (frame.t === 'ping') return this.send({ t: 'pong' });
    if (frame.t === 'pong') return;
    if (frame.t === 'hello') return this.close(CloseCode.BadRequest, 'hello was said already');
    if (this.state === 'draining') return this.fail(frame.id, draining());
    if (this.isAwaited(frame.id)) return this.fail(frame.id, duplicateId(frame.id));
    if (this.state === 'signing-in') {
      if (!this.early.add(frame, payload, bytes)) this.refuseEarly(frame);
      return;
    }
    const owedMs = this.owedMs(frame);
    if (owedMs) return this.refuseForAnswers(frame, owedMs);
    if (frame.t === 'message') this.streams.receive(frame, payload, bytes);
    else if (frame.t === 'open') this.streams.open(frame);
    else if (frame.t === 'close') this.streams.close(frame);
    else this.beginSignIn(frame);
  }

  private greet(frame: ClientFrame, bytes: number): void {
    if (frame.t !== 'hello') return this.close(CloseCode.Unauthenticated, CloseText.NoHello);
    const maxBytes = this.context.limits.maxHelloBytes + resumeBytesOf(frame);
    if (bytes > maxBytes) return this.close(CloseCode.BadRequest, `this hello has at most ${maxBytes} bytes`);
    void this.hello(frame);
  }

  private async hello(frame: HelloFrame): Promise<void> {
    this.state = 'signing-in';
    const handshake = this.handshake.withHello(frame);
    const result = await this.context.signInGate.run(this, handshake, () => !this.hasLeft());
    if (this.hasLeft()) return;
    if (result.outcome !== 'accepted') return this.refuseSignIn(result);
    if (!this.count(result.user)) return;
    this.identity = new Identity(result.user, handshake, this.id);
    this.streams.identify();
    await this.acceptResumePositions(frame);
    if (this.hasLeft()) return;
    this.watch.isGreeting = false;
    this.context.registry.greeted(this);
    this.send(welcomeFrame(this, this.context));
    if (this.spreadMs !== undefined) this.goAway(this.spreadMs);
    this.beReady();
  }

  private beginSignIn(frame: AuthFrame): void {
    const waitMs = this.signIns.begin(performance.now());
    if (waitMs) this.fail(frame.id, tooManySignIns(waitMs));
    else this.signingIn = this.signIn(frame);
  }

  /** Writes down what the client wants back, unless it says itself that this was of another user. */
  private async acceptResumePositions({ resume, resumeUser }: HelloFrame): Promise<void> {
    const isOfAnother = resumeUser !== undefined && resumeUser !== (this.user?.id ?? null);
    if (resume?.length && !isOfAnother)
      await this.subscriptions.acceptResumePositions(this.identity.holder, resume);
  }

  private async signIn({ id, token }: AuthFrame): Promise<void> {
    this.state = 'signing-in';
    this.signInId = id;
    const handshake = this.handshake.withToken(token);
    const result: GatedSignIn =
      token === null
        ? { outcome: 'accepted', user: null }
        : await this.context.signInGate.run(this, handshake, () => !this.hasLeft());
    if (this.hasLeft()) return;
    if (result.outcome === 'failed') return this.refuseSignIn(result);
    if (result.outcome === 'limited') {
      this.fail(id, tooManyRefusedCredentials(result.retryAfterMs));
      return this.beReady();
    }
    if (result.outcome === 'refused') {
      this.logRefusal(result);
      if (this.signIns.refuse(performance.now()))
        return this.close(CloseCode.Unauthenticated, 'too many credentials were not accepted');
      this.fail(id, new CodedError(ErrorCode.Unauthenticated, 'The credential was not accepted.'));
      return this.beReady();
    }
    if (!this.count(result.user)) return;
    if (this.identity.isOf(result.user)) this.identity.renew(result.user, handshake);
    else this.change(new Identity(result.user, handshake, this.id));
    this.answers.send({ t: 'authenticated', id, user: this.user?.id ?? null });
    // Kept sessions handle what was sent before the sign-in as the identity that sent it.
    await this.streams.adoptSessions(this.identity);
    if (!this.hasLeft()) await this.streams.reauthorize();
    if (!this.hasLeft()) this.beReady();
  }

  /** Ends what belongs to the former identity, and lets what comes belong to the next. */
  private change(identity: Identity): void {
    const isSignIn = !this.identity.user;
    this.identity = identity;
    this.subscriptions.resumePositions.clear();
    this.streams.endIdentity({ isSignIn });
    this.streams.identify();
  }

  /** Counts the connection for a user; closes it when that user has too many. */
  private count(user: StreamUser | null): boolean {
    if (this.context.registry.changeUser(this, user)) return true;
    this.close(CloseCode.TooManyConnections, 'too many connections of this user');
    return false;
  }

  private beReady(): void {
    this.state = 'ready';
    this.streams.openOnConnect();
    for (const { payload, bytes } of this.early.take()) {
      this.gate.begin(performance.now());
      // It was decoded when it came, so it is a frame.
      this.route(this.codec.decodeClientFrame(payload) as ClientFrame, payload, bytes);
      this.gate.end();
    }
    this.streams.noteEarlyRefusals();
  }

  /** Refuses a frame too many during a sign-in; as many as frames above the rate, because each is noted. */
  private refuseEarly(frame: ClientFrame): void {
    if (this.gate.refuse(performance.now())) this.closeForRate();
    else this.refuse(frame, tooEarly(this.context.limits));
  }

  private refuseSignIn(result: GatedSignIn): void {
    if (result.outcome === 'limited') return this.close(CloseCode.RateLimited, CloseText.CredentialsLimited);
    if (result.outcome === 'failed') {
      this.context.logError(this.id, result.error);
      return this.close(CloseCode.InternalError, 'authentication failed');
    }
    this.logRefusal(result);
    this.close(CloseCode.Unauthenticated, 'the credential was not accepted');
  }

  private logRefusal(result: GatedSignIn): void {
    if ('error' in result && result.error !== undefined) this.context.logError(this.id, result.error);
    else this.context.clientLog.credentialRefused(this.handshake.address);
  }

  private refuseBadFrame(fault: FrameFault, now: number): void {
    if (fault.closeCode) return this.close(fault.closeCode, fault.message);
    if (this.state === 'greeting') return this.close(CloseCode.BadRequest, 'the first frame is not a frame');
    this.gate.charge();
    this.answers.fail({ t: 'error', ...(fault.id && { id: fault.id }), error: wireErrorOf(fault) });
    const isBad = fault.code !== ErrorCode.InvalidMessage;
    if (isBad && this.gate.countBadFrame(now)) this.close(CloseCode.BadRequest, 'too many bad frames');
  }

  /** Refuses a frame by its length: decoding it would cost what the rate is there to bound. */
  private refuseRate(data: Buffer, retryAfterMs: number, now: number): void {
    if (this.gate.refuse(now, this.wire.isInflated ? data.length : 0)) return this.closeForRate();
    const mayBeRedelivered = data.includes(this.codec.redeliveredMark, 0, 'latin1');
    this.streams.refuseUnread({ ...this.codec.peek(data), mayBeRedelivered }, rateLimited(retryAfterMs));
  }

  /**
   * Returns in how many milliseconds the answers are paid that keep a frame from being looked at.
   *
   * Messages of streams that are open are looked at for longer: their answers are short, most of the time.
   */
  private owedMs({ t }: ClientFrame): number {
    if (t === 'close') return 0;
    return this.allowance.debtMs(t === 'message' ? this.context.limits.answerBytes : 0);
  }

  private refuseForAnswers(frame: ClientFrame, retryAfterMs: number): void {
    if (this.gate.refuse(performance.now())) this.closeForRate();
    else this.refuse(frame, tooManyAnswers(retryAfterMs));
  }

  private closeForRate(): void {
    this.close(CloseCode.RateLimited, 'too many refused frames');
  }

  private isAwaited(id: number): boolean {
    if (this.streams.awaits(id)) return true;
    return this.state === 'signing-in' && (id === this.signInId || this.early.awaits(id));
  }

  private hasLeft(): boolean {
    return this.state === 'closed' || this.state === 'draining';
  }

  /** Takes nothing more, and writes nothing more. */
  private stop(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.outbox.close();
    this.early.take();
  }

  private refuse(frame: ClientFrame, error: CodedError): void {
    if (frame.t === 'message') this.streams.refuse(frame, error);
    else if ('id' in frame) this.fail(frame.id, error);
    else this.answers.fail({ t: 'error', error: wireErrorOf(error) });
  }

  private fail(id: number, error: CodedError): void {
    this.gate.charge();
    this.answers.fail({ t: 'error', id, error: wireErrorOf(error) });
  }

  send(frame: ServerFrame): void {
    this.outbox.push(this.codec.encodeFrame(frame));
  }

  sinkFor(session: SubscribedSession): FrameSink {
    return this.streams.isHandlingFrame(session) ? this.answers : this;
  }
}

/** The most bytes of a character of JSON, as in an escape. */
const ESCAPED_BYTES = 6;

/** Returns how many bytes of a hello may say what its client had before. */
function resumeBytesOf({ resume, resumeUser }: HelloFrame): number {
  const userBytes = Math.min(resumeUser?.length ?? 0, MAX_USER_ID_CHARACTERS) * ESCAPED_BYTES;
  return (resume?.length ?? 0) * MAX_RESUME_BYTES + userBytes;
}
