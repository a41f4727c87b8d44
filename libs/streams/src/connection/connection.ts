import { CloseCode, ErrorCode, type CodedError } from '@nestwire/protocol';
import {
  FrameFault,
  JSON_SUBPROTOCOL,
  type AuthFrame,
  type ClientCallFrame,
  type ClientFrame,
  type Codec,
  type FramePayload,
  type HelloFrame,
  type ResponseFrame,
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
import { MAX_RESUME_BYTES, MAX_RESUME_PARAMS_BYTES } from '../subscriptions/resume-bytes.js';
import type { BeginTask } from '../fairness/fair-queue.js';
import { SessionCloseReason } from '../session/session-close-reason.js';
import type { StreamHandshake } from '../transport/stream-handshake.js';
import type { MessageForm, Wire, WireReceiver } from '../transport/wire.js';
import type { SharedPayload } from '../transport/shared-payload.js';
import { AnswerAllowance } from './outbound/answer-allowance.js';
import { CloseText } from './client-log.js';
import { AnswerWriter } from './outbound/answer-writer.js';
import type { ConnectionContext } from './connection-context.js';
import { ConnectionSignIn, type SigningConnection } from './connection-sign-in.js';
import { transition, type ConnectionState } from './connection-state.js';
import type { ConnectionOwner } from './connection-owner.js';
import { ConnectionStreams } from './connection-streams.js';
import { ConnectionWatch, type Watched } from './connection-watch.js';
import { Identity } from '../auth/identity.js';
import { InboundGate } from './inbound-gate.js';
import { endReasonOf, lostReasonOf } from './end-reason.js';
import { draining, duplicateId, rateLimited, tooEarly, tooManyAnswers } from './connection.errors.js';
import type { MessageFrames } from './outbound/message-frames.js';
import { OutboundQueue, type OutboundOwner } from './outbound/outbound-queue.js';
import { ReadAllowance } from '../fairness/read-allowance.js';
import type { StreamUser } from '../auth/stream-authenticator.js';
import { MAX_USER_ID_CHARACTERS } from '../auth/user-id.js';
import { welcomeFrame } from './outbound/welcome-frame.js';

/**
 * One WebSocket of one client.
 *
 * A frame is admitted, decoded and routed, in this order; `route` shows the receiver of each kind.
 */
export class Connection
  implements WireReceiver, OutboundOwner, SubscribedConnection, Watched, ConnectionOwner, SigningConnection
{
  readonly streams: ConnectionStreams;
  readonly subscriptions: ConnectionSubscriptions;
  readonly watch: ConnectionWatch;
  readonly outbox: OutboundQueue;
  readonly frames: MessageFrames;
  readonly signIn: ConnectionSignIn;
  readonly answers: AnswerWriter;
  readonly reads: ReadAllowance;
  identity: Identity;
  private state: ConnectionState = 'awaiting-hello';
  /** The spread of a `goaway`; undefined while the server stays. */
  private spreadMs: number | undefined;
  private readonly gate: InboundGate;
  private readonly allowance: AnswerAllowance;

  constructor(
    readonly id: string,
    private readonly wire: Wire,
    private readonly context: ConnectionContext,
    handshake: StreamHandshake,
  ) {
    this.identity = new Identity(null, handshake, id);
    const { limits } = context;
    const now = performance.now();
    // A client that offered no supported subprotocol reads the reason in JSON, which every server has.
    this.frames = context.frames.get(wire.subprotocol) ?? context.frames.get(JSON_SUBPROTOCOL)!;
    this.watch = new ConnectionWatch(this, wire, context, now);
    this.gate = new InboundGate(limits, now);
    this.gate.startWithout(context.spentWork.of(this.addressKey, now), now);
    this.allowance = new AnswerAllowance(limits, wire);
    this.reads = new ReadAllowance(context, this);
    this.signIn = new ConnectionSignIn(context, this);
    const bounds = { softBytes: limits.outboundSoftBytes, hardBytes: limits.outboundHardBytes };
    this.outbox = new OutboundQueue(wire, bounds, context.coalescer, this);
    this.answers = new AnswerWriter(this.gate, this.allowance, this.outbox, this.frames);
    this.subscriptions = new ConnectionSubscriptions(context.channels, this, limits);
    this.streams = new ConnectionStreams(context, this);
  }

  message(data: Buffer, form: MessageForm, wireBytes = 0): void {
    if (this.state === 'closed') return;
    const { codec } = this;
    if (codec.isBinary !== (form === 'binary'))
      return this.close(CloseCode.UnsupportedData, `frames are ${codec.isBinary ? 'binary' : 'text'}`);
    const now = performance.now();
    this.watch.received(now);
    const retryAfterMs = this.gate.admit(data.length + wireBytes, now);
    const itemOf = retryAfterMs ? this.admitItem(data, now) : undefined;
    if (retryAfterMs && itemOf === undefined) return this.refuseRate(data, retryAfterMs, now);
    this.gate.begin(now);
    const payload = codec.isBinary ? data : data.toString();
    const frame = codec.decodeClientFrame(payload);
    if (itemOf !== undefined && !isItemOf(frame, itemOf)) this.refuseForged(data, retryAfterMs, now);
    else if (frame instanceof FrameFault) this.refuseBadFrame(frame, now);
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
    if (this.state !== 'closed') this.enter('closed');
    const now = performance.now();
    this.context.spentWork.keep(this.addressKey, this.gate.spentMs(now), now);
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

  get clientName(): string {
    return this.handshake.clientKey ?? this.id;
  }

  get isHandshaking(): boolean {
    return this.state === 'awaiting-hello' || this.state === 'handshaking';
  }

  get isSigningIn(): boolean {
    return this.state === 'handshaking' || this.state === 'signing-in';
  }

  get hasLeft(): boolean {
    return this.state === 'draining' || this.state === 'closed';
  }

  get hasEnded(): boolean {
    return this.state === 'closed';
  }

  get signingIn(): Promise<void> | undefined {
    return this.signIn.running;
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

  send(frame: ServerFrame): void {
    this.outbox.push(this.codec.encodeFrame(frame));
  }

  sinkFor(session: SubscribedSession): FrameSink {
    return this.streams.isHandlingFrame(session) ? this.answers : this;
  }

  beforeFlush(): void {
    this.streams.answers.writeAcks();
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

  /** Ends all sessions and starts the closing handshake; queued frames are written first. */
  close(code: number, reason: string): void {
    if (this.state === 'closed') return;
    const now = performance.now();
    this.watch.closing(now);
    this.context.clientLog.closed(code, reason, this.handshake.address);
    if (code === CloseCode.SlowConsumer) this.watch.closingSlow(now);
    else this.outbox.flush();
    this.enter('closed');
    void this.streams.endAll(endReasonOf(code, reason));
    this.wire.close(code, reason);
  }

  /** Asks the client to reconnect elsewhere; the connection serves it until it leaves. */
  goAway(spreadMs: number): void {
    this.spreadMs = spreadMs;
    // Before `welcome` a client accepts no other frame; `welcome` sends it later.
    if (!this.isHandshaking) this.send({ t: 'goaway', spreadMs });
  }

  /** Waits for the running handlers, refuses new frames, and then closes. */
  async drain(): Promise<void> {
    if (this.state === 'closed') return;
    if (this.state !== 'draining') this.enter('draining');
    await this.streams.idle();
    await this.streams.endAll(new SessionCloseReason('shutdown', 'The server shuts down.', CloseCode.Drain));
    this.close(CloseCode.Drain, 'the server drains');
  }

  countFor(user: StreamUser | null): boolean {
    if (this.context.registry.changeUser(this, user)) return true;
    this.close(CloseCode.TooManyConnections, 'too many connections of this user');
    return false;
  }

  async welcome(identity: Identity, hello: HelloFrame): Promise<void> {
    this.identity = identity;
    this.streams.identify();
    await this.acceptResumePositions(hello);
    if (this.hasLeft) return;
    this.context.registry.handshakeDone(this);
    this.send(welcomeFrame(this, this.context));
    if (this.spreadMs !== undefined) this.send({ t: 'goaway', spreadMs: this.spreadMs });
    this.enter('ready');
  }

  async signedIn(identity: Identity, authId: number): Promise<void> {
    if (identity !== this.identity) this.replaceIdentity(identity);
    this.answers.send({ t: 'authenticated', id: authId, user: this.user?.id ?? null });
    // Kept sessions handle the messages before the sign-in as the identity that sent them.
    await this.streams.adoptSessions(this.identity);
    if (!this.hasLeft) await this.streams.reauthorize();
    if (!this.hasLeft) this.enter('ready');
  }

  resume(): void {
    this.enter('ready');
  }

  responseRefused(laterMs = 0): void {
    this.gate.charge(laterMs);
    if (this.gate.refuse(performance.now())) this.closeForRate();
  }

  fail(id: number, error: CodedError): void {
    this.gate.charge();
    this.answers.fail({ t: 'error', id, error: wireErrorOf(error) });
  }

  /** Enters another state; all transitions are made here. */
  private enter(state: ConnectionState): void {
    this.state = transition(this.state, state);
    if (state === 'ready') this.handleKept();
    if (state !== 'closed') return;
    this.outbox.close();
    this.signIn.takeKept();
  }

  private route(frame: ClientFrame, payload: FramePayload, bytes: number): void {
    if (this.state === 'awaiting-hello') return this.beginHandshake(frame, bytes);
    if (frame.t === 'ping') return this.send({ t: 'pong' });
    if (frame.t === 'pong') return;
    if (frame.t === 'hello') return this.close(CloseCode.BadRequest, 'hello was said already');
    if (frame.t === 'response') return this.streams.requests.receive(frame);
    // Most frames are messages, and need no comparison with each frame of calls.
    if (frame.t !== 'message' && isOfCall(frame)) return this.routeOfCall(frame, payload, bytes);
    if (this.state === 'draining') return this.fail(frame.id, draining());
    if (this.isAwaited(frame.id)) return this.fail(frame.id, duplicateId(frame.id));
    if (this.isSigningIn) return this.keepFrame(frame, payload, bytes);
    const owedMs = this.owedMs(frame);
    if (owedMs) return this.refuseForAnswers(frame, owedMs);
    if (frame.t === 'message') this.streams.receive(frame, payload, bytes);
    else if (frame.t === 'open') this.streams.open(frame);
    else if (frame.t === 'close') this.streams.close(frame);
    else if (frame.t === 'call') this.streams.calls.begin(frame, payload);
    else if (frame.t === 'attach' || frame.t === 'cancel') this.streams.calls.receive(frame, payload);
    else if (frame.t === 'auth') this.beginSignIn(frame);
  }

  /** Takes a frame of a running call; one of a call that waits for a sign-in waits too. */
  private routeOfCall(frame: FrameOfCall, payload: FramePayload, bytes: number): void {
    if (this.isSigningIn && !this.streams.calls.awaits(frame.call))
      return this.keepFrame(frame, payload, bytes);
    this.streams.calls.receive(frame, payload);
  }

  private get addressKey(): string {
    return this.context.shares.keyOfAddress(this.handshake, this.id);
  }

  private beginHandshake(frame: ClientFrame, bytes: number): void {
    if (frame.t !== 'hello') return this.close(CloseCode.Unauthenticated, CloseText.NoHello);
    const maxBytes = this.context.limits.maxHelloBytes + resumeBytesOf(frame);
    if (bytes > maxBytes) return this.close(CloseCode.BadRequest, `this hello has at most ${maxBytes} bytes`);
    this.enter('handshaking');
    void this.signIn.hello(frame);
  }

  private beginSignIn(frame: AuthFrame): void {
    if (!this.signIn.admit(frame)) return;
    this.enter('signing-in');
    this.signIn.auth(frame);
  }

  /** Keeps a frame for the time after the sign-in, or refuses it as one above the rate. */
  private keepFrame(frame: ClientFrame, payload: FramePayload, bytes: number): void {
    if (this.signIn.keep(frame, payload, bytes)) return;
    if (this.gate.refuse(performance.now())) this.closeForRate();
    else this.refuse(frame, tooEarly(this.context.limits));
  }

  /** Opens streams and handles the frames that arrived during a sign-in. */
  private handleKept(): void {
    this.streams.openOnConnect();
    for (const { payload, bytes } of this.signIn.takeKept()) {
      if (this.hasEnded) return;
      this.gate.begin(performance.now());
      // Its first decoding succeeded, so it is a frame.
      this.route(this.codec.decodeClientFrame(payload) as ClientFrame, payload, bytes);
      this.gate.end();
    }
    this.streams.answers.noteEarlyRefusals();
  }

  /** Stores the client's positions, unless it says that they belong to another user. */
  private async acceptResumePositions({ resume, resumeUser }: HelloFrame): Promise<void> {
    const isOfAnother = resumeUser !== undefined && resumeUser !== (this.user?.id ?? null);
    if (resume?.length && !isOfAnother)
      await this.subscriptions.acceptResumePositions(this.identity.holder, resume);
  }

  /** Ends the sessions of the former identity; later sessions belong to the new one. */
  private replaceIdentity(identity: Identity): void {
    const isSignIn = !this.identity.user;
    this.identity = identity;
    this.subscriptions.resumePositions.clear();
    this.streams.endIdentity({ isSignIn });
    this.streams.identify();
  }

  private refuseBadFrame(fault: FrameFault, now: number): void {
    if (fault.closeCode) return this.close(fault.closeCode, fault.message);
    if (this.state === 'awaiting-hello')
      return this.close(CloseCode.BadRequest, 'the first frame is not a frame');
    this.gate.charge();
    if (fault.call) this.streams.answers.refuseOfCall(fault.call, fault);
    else this.answers.fail({ t: 'error', ...(fault.id && { id: fault.id }), error: wireErrorOf(fault) });
    const isBad = fault.code !== ErrorCode.InvalidMessage;
    if (isBad && this.gate.countBadFrame(now)) this.close(CloseCode.BadRequest, 'too many bad frames');
  }

  /** Admits an item above the rate of frames; returns its call, or undefined when the frame is refused. */
  private admitItem(data: Buffer, now: number): number | undefined {
    const { t, call } = this.codec.peek(data);
    const isItem = t === 'item' && call !== undefined && this.streams.calls.hasRoom(call);
    return isItem && this.gate.admitItem(now) ? call : undefined;
  }

  /** Refuses a frame above the rate that was decoded, because it began like an item. */
  private refuseForged(data: Buffer, retryAfterMs: number, now: number): void {
    this.gate.charge();
    this.refuseRate(data, retryAfterMs, now);
  }

  /** Refuses a frame without decoding, because the rate bounds the cost of decoding. */
  private refuseRate(data: Buffer, retryAfterMs: number, now: number): void {
    if (this.gate.refuse(now, this.wire.isInflated ? data.length : 0)) return this.closeForRate();
    const mayBeRedelivered = data.includes(this.codec.redeliveredMark, 0, 'latin1');
    this.streams.answers.refuseUnread(
      { ...this.codec.peek(data), mayBeRedelivered },
      rateLimited(retryAfterMs),
    );
  }

  /**
   * Returns the wait in milliseconds until the client has paid for its answers; 0 if it may send now.
   *
   * Messages may owe more than other frames, because most of their answers are short.
   */
  private owedMs({ t }: ClientFrame): number {
    if (t === 'close') return 0;
    return this.allowance.debtMs(t === 'message' || t === 'call' ? this.context.limits.answerBytes : 0);
  }

  private refuseForAnswers(frame: ClientFrame, retryAfterMs: number): void {
    if (this.gate.refuse(performance.now())) this.closeForRate();
    else this.refuse(frame, tooManyAnswers(retryAfterMs));
  }

  private closeForRate(): void {
    this.close(CloseCode.RateLimited, 'too many refused frames');
  }

  private isAwaited(id: number): boolean {
    return this.streams.awaits(id) || (this.isSigningIn && this.signIn.awaits(id));
  }

  private refuse(frame: ClientFrame, error: CodedError): void {
    if (frame.t === 'message') this.streams.answers.refuse(frame, error);
    else if ('call' in frame && frame.call) this.streams.answers.refuseOfCall(frame.call, error);
    else if ('id' in frame) this.fail(frame.id, error);
    else this.answers.fail({ t: 'error', error: wireErrorOf(error) });
  }
}

/** A frame of a call that has begun on this connection. */
type FrameOfCall = Exclude<ClientCallFrame, { readonly id: number } | ResponseFrame>;

/** Tells by the type, because a frame may have fields that its type does not have. */
function isOfCall(frame: ClientFrame): frame is FrameOfCall {
  switch (frame.t) {
    case 'item':
    case 'end':
    case 'credit':
    case 'detach':
      return true;
    case 'cancel':
      return frame.call !== undefined;
    default:
      return false;
  }
}

function isItemOf(frame: ClientFrame | FrameFault, call: number): boolean {
  return !(frame instanceof FrameFault) && frame.t === 'item' && frame.call === call;
}

/** The maximum size of an escaped character in JSON, in bytes. */
const ESCAPED_BYTES = 6;

/** Returns the number of bytes that the positions and the user may add to a `hello`. */
function resumeBytesOf({ resume, resumeUser }: HelloFrame): number {
  const userBytes = Math.min(resumeUser?.length ?? 0, MAX_USER_ID_CHARACTERS) * ESCAPED_BYTES;
  const paramsBytes =
    (resume ?? []).filter(([, , , , , , params]) => params).length * MAX_RESUME_PARAMS_BYTES;
  return (resume?.length ?? 0) * MAX_RESUME_BYTES + paramsBytes + userBytes;
}
