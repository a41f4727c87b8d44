import { type CodedError, PresenceMembers, type WireError } from '@nestwire/protocol';
import type {
  ClientMessageFrame,
  CloseFrame,
  FrameHead,
  FramePayload,
  OpenFrame,
} from '@nestwire/protocol/codec';
import { wireErrorOf } from '@nestwire/protocol/internal';
import type { Channel, PresenceService, Subscription } from '@nestwire/messages';
import type { ConnectionSubscriptions } from '../subscriptions/connection-subscriptions.js';
import type { ResumingChannels } from '../subscriptions/resuming-channels.js';
import type { Endpoint } from '../endpoint/endpoint-registry.js';
import { toWireError } from '../enhancers/error-reply.js';
import { isRefusal, laterMsOf } from '../validation/refusal.js';
import { SessionCloseReason } from '../session/session-close-reason.js';
import {
  identityChanged,
  sessionClosed,
  streamKeyMismatch,
  streamNotOpen,
  tooManyBytes,
  tooManyFrames,
  tooManyStreams,
  uncertain,
  unknownEndpoint,
} from '../session/stream.errors.js';
import { IDENTITY_CHANGED, REFUSED, type MessageHead, type RuntimePort } from '../session/runtime-port.js';
import { SessionRuntime } from '../session/session-runtime.js';
import { ServerSession, type SessionPort } from '../session/server-session.js';
import type { StreamsLimits } from '../streams-limits.js';
import { sizeOf } from '../transport/shared-payload.js';
import { ConnectionResults } from '../resend/connection-results.js';
import type { ConnectionContext } from './connection-context.js';
import { rateLimited } from './connection.errors.js';
import type { AnswerWriter } from './outbound/answer-writer.js';
import type { Identity } from '../auth/identity.js';
import type { MessageFrames } from './outbound/message-frames.js';
import type { OutboundQueue } from './outbound/outbound-queue.js';
import type { ReadAllowance } from '../fairness/read-allowance.js';
import { closedFrame, openedFrame, streamErrorFrame } from './outbound/stream-frames.js';

/** Who a connection belongs to. */
export interface ConnectionOwner {
  readonly id: string;
  readonly identity: Identity;
  /** Whether frames wait for a sign-in. */
  readonly isSigningIn: boolean;
  /** Makes the frames that the client understands. */
  readonly frames: MessageFrames;
  /** Writes what its client is answered with. */
  readonly answers: AnswerWriter;
  /** Bounds how much it reads of histories, snapshots and presence. */
  readonly reads: ReadAllowance;
}

/** Work on an open that is not measured: making the session, and ending it. */
const OPEN_MS = 0.2;
/** How long a page of members may keep what it stands in, after its connection has gone. */
const LONGEST_WAIT_MS = 1_000;

/** A frame that is refused undecoded, as far as something is known of it. */
export interface UnreadFrame extends FrameHead {
  /** Whether it may have been sent before, on a connection that was lost. */
  readonly mayBeRedelivered: boolean;
}

/** A message that was refused while a sign-in was under way. */
interface EarlyRefusal {
  readonly id: number;
  /** The key of its stream; undefined if the frame was not decoded so far. */
  readonly stream: string | undefined;
  readonly error: WireError;
}

/** The streams of one connection: at most one of each endpoint. */
export class ConnectionStreams implements RuntimePort, SessionPort {
  /** By the key of the stream, the session that receives its frames now. */
  private readonly current = new Map<string, SessionRuntime>();
  /** All that have not ended, the predecessors of those included. */
  private readonly runtimes: SessionRuntime[] = [];
  private readonly unacknowledged: SessionRuntime[] = [];
  readonly results: ConnectionResults;
  private sessions = 0;
  /** Made when it is needed: few clients are refused a message while they sign in. */
  private earlyRefusals: EarlyRefusal[] | undefined;

  constructor(
    private readonly context: ConnectionContext,
    private readonly owner: ConnectionOwner,
    private readonly outbox: OutboundQueue,
    private readonly subscriptions: ConnectionSubscriptions,
  ) {
    this.results = new ConnectionResults(context.results);
  }

  get limits(): StreamsLimits {
    return this.context.limits;
  }

  get presence(): PresenceService {
    return this.context.channels.presence;
  }

  /** How many sessions have not ended. */
  get size(): number {
    return this.runtimes.length;
  }

  /** Opens the stream of an endpoint, as the client asks. */
  open({ id, endpoint: name, stream = name }: OpenFrame): void {
    const endpoint = this.context.endpoints.get(name);
    if (!endpoint) return this.fail(id, unknownEndpoint(name));
    if (stream !== name) return this.fail(id, streamKeyMismatch(name));
    const present = this.current.get(stream);
    if (present && !present.whenGone) return this.addOpenRequest(present, id);
    // One that is leaving makes room for its successor.
    if (this.runtimes.length - (present ? 1 : 0) >= this.limits.maxStreams)
      return this.fail(id, tooManyStreams(this.limits.maxStreams));
    this.start(endpoint, stream).openIds.push(id);
  }

  /** Opens the streams of the endpoints that open on connect; their key is the endpoint's name. */
  openOnConnect(): void {
    for (const endpoint of this.context.endpoints.all()) {
      // A client that signs in and out again and again has no more sessions than another.
      if (this.runtimes.length >= this.limits.maxStreams) return;
      const present = this.current.get(endpoint.name);
      if (endpoint.options.open === 'on-connect' && (!present || present.whenGone))
        this.start(endpoint, endpoint.name);
    }
  }

  /** Hands a message to its session. */
  receive(frame: ClientMessageFrame, payload: FramePayload, bytes: number): void {
    const runtime = this.runtimeFor(frame.stream);
    if (runtime) {
      if (runtime.pendingBytes && this.pendingBytes() + bytes > this.limits.maxPendingBytes) {
        return this.refuse(frame, tooManyBytes(this.limits.maxPendingBytes));
      }
      return runtime.receive(frame, payload, bytes);
    }
    const isKnown = this.context.endpoints.get(frame.stream);
    this.fail(frame.id, isKnown ? streamNotOpen(frame.stream) : unknownEndpoint(frame.stream));
  }

  /** Answers a message that is not looked at; one that was sent before may have been handled. */
  refuse({ id, stream, redelivered }: MessageHead, error: CodedError): void {
    const wire = wireErrorOf(redelivered ? uncertain(error.message) : error);
    this.noteRefusal({ id, stream, error: wire });
    this.owner.answers.gate.charge();
    this.owner.answers.fail({ t: 'error', id, error: wire });
  }

  /** Answers a frame that was not decoded, as far as its beginning tells of it. */
  refuseUnread({ t = 'message', id, stream, mayBeRedelivered }: UnreadFrame, error: CodedError): void {
    const wire = wireErrorOf(mayBeRedelivered ? uncertain(error.message) : error);
    if (id !== undefined && t === 'message') this.noteRefusal({ id, stream, error: wire });
    this.owner.answers.fail({ t: 'error', ...(id && { id }), error: wire });
  }

  /** Notes the refusals of a sign-in in the streams that are there now: no later answer covers them. */
  noteEarlyRefusals(): void {
    const refusals = this.earlyRefusals;
    this.earlyRefusals = undefined;
    for (const refusal of refusals ?? []) this.noteRefusal(refusal);
  }

  /** Takes the answers of the user and client that the connection belongs to now. */
  identify(): void {
    this.results.identify(this.owner.identity);
  }

  /**
   * Ends the sessions of the identity that the connection had, and tells the client.
   *
   * Handlers that run are not waited for. After a sign-in of an anonymous client, sessions with
   * `keepOnSignIn` stay until `adoptSessions`.
   */
  endIdentity({ isSignIn }: { readonly isSignIn: boolean }): void {
    for (const runtime of this.runtimes.slice()) {
      const { session } = runtime;
      if (runtime.isDisowned || (isSignIn && runtime.isKeptOnSignIn && !session.endReason)) continue;
      runtime.disown();
      // Its end may wait for a handler, and must not be taken for the end of the next session.
      this.writeAck(runtime);
      for (const id of runtime.openIds.splice(0)) this.fail(id, identityChanged());
      this.writeClosed(runtime, session.endReason ?? IDENTITY_CHANGED);
    }
  }

  /** Tells whether a session works on a frame of the client: what it does then is done for the client. */
  isHandlingFrame(session: ServerSession): boolean {
    return this.runtimes.find((runtime) => runtime.session === session)?.isWorking ?? false;
  }

  /** Lets the sessions that stay belong to the identity, each behind the messages that it had before. */
  async adoptSessions(identity: Identity): Promise<void> {
    const retained = this.runtimes.filter(
      ({ session }) => !session.endReason && !session.belongsTo(identity),
    );
    if (!retained.length) return;
    await Promise.all(
      retained.map(async (runtime) => {
        await runtime.idle();
        if (runtime.session.endReason) return;
        runtime.session.adopt(identity);
        this.results.attach(runtime);
      }),
    );
    this.subscriptions.adopted(identity.holder);
  }

  /** Closes a stream, behind the messages that were sent before. */
  close({ id, stream }: CloseFrame): void {
    const runtime = this.runtimeFor(stream);
    if (!runtime) return this.fail(id, streamNotOpen(stream));
    const reason = new SessionCloseReason('closed-by-client', 'The client closed the stream.');
    if (runtime.closeIds.length >= this.limits.maxPendingMessages)
      return this.fail(id, tooManyFrames(stream, this.limits.maxPendingMessages));
    runtime.closeIds.push(id);
    void runtime.endWhenIdle(reason);
  }

  /** Tells whether a frame with this id waits for its answer. */
  awaits(id: number): boolean {
    for (const runtime of this.runtimes) {
      if (runtime.awaits(id) || runtime.openIds.includes(id) || runtime.closeIds.includes(id)) return true;
    }
    return false;
  }

  /** Runs the guards of all open streams again: the credential or the scopes may be others. */
  async reauthorize(): Promise<void> {
    await Promise.all(this.runtimes.map((runtime) => runtime.reauthorize()));
  }

  send(session: ServerSession, message: object): Promise<void> {
    if (message instanceof PresenceMembers) return this.sendMembers(session.stream, message);
    try {
      this.outbox.push(this.owner.frames.of(session.stream, message));
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return this.outbox.whenBelowSoftBound();
  }

  subscribe(session: ServerSession, channel: string | Channel): Promise<Subscription> {
    return this.subscriptions.add(session, channel);
  }

  resuming(session: ServerSession): ResumingChannels {
    return this.subscriptions.resumingOf(session);
  }

  endSession(session: ServerSession, reason: SessionCloseReason): Promise<void> {
    for (const runtime of this.runtimes) if (runtime.session === session) return runtime.close(reason);
    return Promise.resolve();
  }

  /** Ends all sessions; resolves when everything of them is released. */
  async endAll(reason: SessionCloseReason): Promise<void> {
    await Promise.all(this.runtimes.slice().map((runtime) => runtime.end(reason)));
  }

  /** Resolves when no handler runs and no message waits. */
  async idle(): Promise<void> {
    await Promise.all(this.runtimes.map((runtime) => runtime.idle()));
  }

  /** Answers the handlers that have run for too long. */
  checkDeadlines(now: number): void {
    for (const runtime of this.runtimes.slice()) runtime.checkDeadline(now);
  }

  /** Writes the cumulative answers of this turn. */
  writeAcks(): void {
    for (const runtime of this.unacknowledged) this.writeAck(runtime);
    this.unacknowledged.length = 0;
  }

  decode(payload: FramePayload): ClientMessageFrame {
    // It was decoded when it came, so it is the frame of a message.
    return this.owner.frames.codec.decodeClientFrame(payload) as ClientMessageFrame;
  }

  begin(head: MessageHead): boolean {
    const { gate } = this.owner.answers;
    const now = performance.now();
    const debtMs = gate.debtMs(now);
    if (debtMs) this.refuse(head, rateLimited(debtMs));
    else gate.begin(now);
    return debtMs === 0;
  }

  measuredMs(now: number): number {
    return this.owner.answers.gate.measuredMs(now);
  }

  read(): void {
    this.owner.answers.gate.chargeReading();
  }

  ended(): void {
    this.owner.answers.gate.end();
  }

  push(runtime: SessionRuntime, message: object): void | Promise<void> {
    if (message instanceof PresenceMembers) return this.sendMembers(runtime.session.stream, message);
    this.outbox.push(this.owner.frames.of(runtime.session.stream, message));
    return this.outbox.isAboveSoftBound ? this.outbox.whenBelowSoftBound() : undefined;
  }

  /** Sends a page of members when the connection may read it: a client could ask for pages without end. */
  private async sendMembers(stream: string, page: PresenceMembers): Promise<void> {
    const { reads, frames } = this.owner;
    for (let waitMs = reads.waitMs(); waitMs && this.outbox.isOpen; waitMs = reads.waitMs())
      await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, LONGEST_WAIT_MS)).unref());
    const frame = frames.of(stream, page);
    reads.spend(sizeOf(frame));
    this.outbox.push(frame);
    await this.outbox.whenBelowSoftBound();
  }

  answered(runtime: SessionRuntime): void {
    if (!this.unacknowledged.includes(runtime)) this.unacknowledged.push(runtime);
    this.outbox.schedule();
  }

  failed(runtime: SessionRuntime, id: number | undefined, error: unknown, workMs = 0): void {
    const isUnasked = id === undefined && runtime.isDisowned;
    this.writeAck(runtime);
    const { endpoint, id: sessionId } = runtime.session;
    const wire = toWireError(error, (errorId, cause) =>
      this.context.logError(`${errorId} in the stream "${endpoint}", session ${sessionId}`, cause),
    );
    if (id !== undefined) runtime.messageResults?.failed(id, wire);
    if (isRefusal(error)) this.owner.answers.gate.charge(workMs + laterMsOf(error));
    // The next identity has nothing to do with it.
    if (!isUnasked) this.owner.answers.fail(streamErrorFrame(runtime, wire, id));
  }

  dropped(runtime: SessionRuntime, head: MessageHead, reason?: SessionCloseReason): void {
    this.writeAck(runtime);
    this.fail(head.id, reason === IDENTITY_CHANGED ? identityChanged() : streamNotOpen(head.stream));
  }

  openSettled(runtime: SessionRuntime, error?: unknown): void {
    const ids = runtime.openIds.splice(0);
    if (error !== undefined) {
      // Endpoints that open by themselves fail by themselves.
      if (ids.length) this.owner.answers.gate.charge(OPEN_MS + runtime.openingMs);
      for (const id of ids) this.failed(runtime, id, error);
      return this.removeCurrent(runtime);
    }
    for (const id of ids.length ? ids : [undefined]) this.owner.answers.send(openedFrame(runtime, id));
    this.subscriptions.resume(runtime.session).catch((cause) => this.failed(runtime, undefined, cause));
  }

  ending(runtime: SessionRuntime): Promise<void> | undefined {
    return this.subscriptions.removeAll(runtime.session);
  }

  released(runtime: SessionRuntime, reason: SessionCloseReason): void {
    this.writeAck(runtime);
    remove(this.unacknowledged, runtime);
    remove(this.runtimes, runtime);
    this.results.detach(runtime);
    this.removeCurrent(runtime);
    for (const id of runtime.openIds.splice(0)) this.fail(id, sessionClosed(reason));
    if (!runtime.isDisowned) this.writeClosed(runtime, reason);
  }

  private writeClosed(runtime: SessionRuntime, reason: SessionCloseReason): void {
    const ids = runtime.closeIds.splice(0);
    for (const id of ids) this.owner.answers.send(closedFrame(runtime, reason, id));
    if (!ids.length && reason !== REFUSED) this.owner.answers.send(closedFrame(runtime, reason));
  }

  private addOpenRequest(runtime: SessionRuntime, id: number): void {
    if (runtime.isOpen) return this.owner.answers.send(openedFrame(runtime, id));
    if (runtime.openIds.length < this.limits.maxPendingMessages) runtime.openIds.push(id);
    else this.fail(id, tooManyFrames(runtime.session.stream, this.limits.maxPendingMessages));
  }

  private start(endpoint: Endpoint, stream: string): SessionRuntime {
    const id = `${this.owner.id}.${++this.sessions}`;
    const { messages } = this.context;
    const { identity } = this.owner;
    const session = new ServerSession({ id, endpoint: endpoint.name, stream }, this, { messages, identity });
    const runtime = new SessionRuntime(session, endpoint, this);
    const predecessor = this.current.get(stream)?.whenGone;
    this.current.set(stream, runtime);
    this.runtimes.push(runtime);
    this.results.attach(runtime);
    void runtime.open(predecessor);
    return runtime;
  }

  /**
   * Returns the session that a frame of the client is for.
   *
   * A session of a former identity may still wait for its handler. The client was told that it is closed.
   */
  private runtimeFor(stream: string): SessionRuntime | undefined {
    const runtime = this.current.get(stream);
    return runtime?.isDisowned ? undefined : runtime;
  }

  /** Makes room for another session of the endpoint, unless there is one. */
  private removeCurrent(runtime: SessionRuntime): void {
    const { stream } = runtime.session;
    if (this.current.get(stream) === runtime) this.current.delete(stream);
  }

  /** Notes that a message was refused: it must not count as handled when messages behind it are. */
  private noteRefusal(refusal: EarlyRefusal): void {
    const { id, stream, error } = refusal;
    // Its stream may open with a frame that waits, or belong to another identity then.
    if (this.owner.isSigningIn) (this.earlyRefusals ??= []).push(refusal);
    // Without a key it may be a message of any stream, so none may count it as handled.
    const streams = stream === undefined ? this.current.keys() : [stream];
    for (const key of streams) this.runtimeFor(key)?.messageResults?.failed(id, error);
  }

  private pendingBytes(): number {
    let bytes = 0;
    for (const runtime of this.runtimes) bytes += runtime.pendingBytes;
    return bytes;
  }

  private writeAck(runtime: SessionRuntime): void {
    const id = runtime.takeAck();
    if (id) this.outbox.push(this.owner.frames.codec.encodeAck(runtime.session.stream, id));
  }

  private fail(id: number, error: CodedError): void {
    this.owner.answers.gate.charge();
    this.owner.answers.fail({ t: 'error', id, error: wireErrorOf(error) });
  }
}

function remove<T>(items: T[], item: T): void {
  const at = items.indexOf(item);
  if (at >= 0) items.splice(at, 1);
}
