import { type CodedError, PresenceMembers, type WireError } from '@nestwire/protocol';
import type { ClientMessageFrame, FrameHead, FramePayload } from '@nestwire/protocol/codec';
import { wireErrorOf } from '@nestwire/protocol/internal';
import { toWireError } from '../enhancers/error-reply.js';
import { isRefusal, laterMsOf } from '../validation/refusal.js';
import type { SessionCloseReason } from '../session/session-close-reason.js';
import { identityChanged, sessionClosed, streamNotOpen, possiblyHandled } from '../session/stream.errors.js';
import { IDENTITY_CHANGED, REFUSED, type MessageHead, type RuntimePort } from '../session/runtime-port.js';
import type { SessionRuntime } from '../session/session-runtime.js';
import type { StreamsLimits } from '../streams-limits.js';
import { payloadSizeOf } from '../transport/shared-payload.js';
import type { ConnectionCalls } from '../calls/connection-calls.js';
import type { ConnectionResults } from '../resend/connection-results.js';
import type { ConnectionContext } from './connection-context.js';
import type { ConnectionOwner } from './connection-owner.js';
import { rateLimited, tooManyAnswers } from './connection.errors.js';
import { closedFrame, openedFrame, streamErrorFrame } from './outbound/stream-frames.js';
import type { SessionTable } from './session-table.js';

/** Unmeasured work of an open, in milliseconds: creating the session and ending it. */
const OPEN_MS = 0.2;
/** The maximum time that a page of members stays in memory after the connection is lost. */
const LONGEST_WAIT_MS = 1_000;

/** A frame that is refused without decoding, with the fields that could be read. */
export interface UnreadFrame extends FrameHead {
  /** True when it may have been sent before, on a lost connection. */
  readonly mayBeRedelivered: boolean;
}

/** A message that was refused during a sign-in. */
interface EarlyRefusal {
  readonly id: number;
  /** The key of its stream; undefined if the frame was not decoded so far. */
  readonly stream: string | undefined;
  readonly error: WireError;
}

/**
 * Writes the answers of the sessions of one connection.
 *
 * Acknowledgements are cumulative and written once per turn. Every other answer to a session's client is
 * preceded by the acknowledgement that is due, so that the order of the answers holds.
 */
export class SessionAnswers implements RuntimePort<SessionRuntime> {
  private readonly unacknowledged: SessionRuntime[] = [];
  // Created on demand, because few clients are refused a message during a sign-in.
  private earlyRefusals: EarlyRefusal[] | undefined;

  constructor(
    private readonly context: ConnectionContext,
    private readonly owner: ConnectionOwner,
    private readonly sessions: SessionTable,
    private readonly results: ConnectionResults,
    private readonly calls: ConnectionCalls,
  ) {}

  get limits(): StreamsLimits {
    return this.context.limits;
  }

  /** Answers a frame with an error. */
  fail(id: number, error: CodedError): void {
    this.owner.answers.gate.charge();
    this.owner.answers.fail({ t: 'error', id, error: wireErrorOf(error) });
  }

  /** Refuses a message unhandled; a redelivered one may have been handled before. */
  refuse({ id, stream, redelivered }: MessageHead, error: CodedError): void {
    const wire = wireErrorOf(redelivered ? possiblyHandled(error.message) : error);
    this.recordRefusal({ id, stream, error: wire });
    this.owner.answers.gate.charge();
    this.owner.answers.fail({ t: 'error', id, error: wire });
  }

  /** Refuses a frame that was not decoded. */
  refuseUnread(frame: UnreadFrame, error: CodedError): void {
    const { t = 'message', id, call, stream, mayBeRedelivered } = frame;
    if (call !== undefined) return this.refuseOfCall(call, error);
    // It may be an item of any call, so no call may continue with a hole.
    if (id === undefined && frame.t === undefined && !frame.request) this.calls.refuseAll(error);
    const wire = wireErrorOf(mayBeRedelivered ? possiblyHandled(error.message) : error);
    if (id !== undefined && t === 'message') this.recordRefusal({ id, stream, error: wire });
    this.owner.answers.fail({ t: 'error', ...(id && { id }), error: wire });
  }

  /** Ends the call of a refused frame; a frame of an unknown call is not answered. */
  refuseOfCall(call: number, error: CodedError): void {
    this.calls.refuse(call, error);
  }

  /** Records the refusals of a sign-in in the sessions that exist after it. */
  noteEarlyRefusals(): void {
    const refusals = this.earlyRefusals;
    this.earlyRefusals = undefined;
    for (const refusal of refusals ?? []) this.recordRefusal(refusal);
  }

  /** Writes the cumulative acknowledgements of this turn. */
  writeAcks(): void {
    for (const runtime of this.unacknowledged) this.writeAck(runtime);
    this.unacknowledged.length = 0;
  }

  /** Answers an `open` of a session that exists already. */
  reopened(runtime: SessionRuntime, id: number): void {
    this.owner.answers.send(openedFrame(runtime, id));
  }

  /** Ends the client's side of a session of a former identity. */
  disowned(runtime: SessionRuntime): void {
    // The session may still wait for a handler. Its end must not count as the end of its successor.
    this.writeAck(runtime);
    for (const id of runtime.openIds.splice(0)) this.fail(id, identityChanged());
    this.writeClosed(runtime, runtime.session.endReason ?? IDENTITY_CHANGED);
  }

  decode(payload: FramePayload): ClientMessageFrame {
    // Its first decoding succeeded, so it is the frame of a message.
    return this.owner.frames.codec.decodeClientFrame(payload) as ClientMessageFrame;
  }

  begin(head: MessageHead): boolean {
    const { gate, allowance } = this.owner.answers;
    const now = performance.now();
    const debtMs = gate.debtMs(now);
    // The frame was accepted before the answers to the messages ahead of it were written.
    const owedMs = allowance.debtMs(this.limits.answerBytes);
    if (debtMs) this.refuse(head, rateLimited(debtMs));
    else if (owedMs) this.refuse(head, tooManyAnswers(owedMs));
    else gate.begin(now);
    return !debtMs && !owedMs;
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

  push({ session }: SessionRuntime, message: object): void | Promise<void> {
    if (message instanceof PresenceMembers) return this.sendMembers(session.stream, message);
    const { outbox, frames } = this.owner;
    outbox.push(frames.of(session.stream, message));
    return outbox.isAboveSoftBound ? outbox.whenBelowSoftBound() : undefined;
  }

  /** Sends a page of members once the connection may read it; a client can ask for any number of pages. */
  async sendMembers(stream: string, page: PresenceMembers): Promise<void> {
    const { reads, frames, outbox } = this.owner;
    for (let waitMs = reads.waitMs(); waitMs && outbox.isOpen; waitMs = reads.waitMs())
      await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, LONGEST_WAIT_MS)).unref());
    const frame = frames.of(stream, page);
    reads.spend(payloadSizeOf(frame));
    outbox.push(frame);
    await outbox.whenBelowSoftBound();
  }

  answered(runtime: SessionRuntime): void {
    if (!this.unacknowledged.includes(runtime)) this.unacknowledged.push(runtime);
    this.owner.outbox.schedule();
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
    // The error belongs to the former identity.
    if (!isUnasked) this.owner.answers.fail(streamErrorFrame(runtime, wire, id));
  }

  dropped(runtime: SessionRuntime, head: MessageHead, reason?: SessionCloseReason): void {
    this.writeAck(runtime);
    this.fail(head.id, reason === IDENTITY_CHANGED ? identityChanged() : streamNotOpen(head.stream));
  }

  checkAnswers(): void {
    const owedMs = this.owner.answers.allowance.debtMs();
    if (owedMs) throw tooManyAnswers(owedMs);
  }

  openSettled(runtime: SessionRuntime, error?: unknown): void {
    const ids = runtime.openIds.splice(0);
    if (error !== undefined) {
      // The client pays for its own requests only, not for streams that the server opens.
      if (ids.length) this.owner.answers.gate.charge(OPEN_MS + runtime.openingMs);
      for (const id of ids) this.failed(runtime, id, error);
      this.calls.openRefused(runtime, error);
      return this.sessions.vacate(runtime);
    }
    for (const id of ids.length ? ids : [undefined]) this.owner.answers.send(openedFrame(runtime, id));
    this.owner.subscriptions.resume(runtime.session).catch((cause) => this.failed(runtime, undefined, cause));
    this.calls.opened(runtime);
  }

  ending(runtime: SessionRuntime, reason: SessionCloseReason): Promise<void> | undefined {
    const calls = this.calls.ending(runtime, reason);
    const subscriptions = this.owner.subscriptions.removeAll(runtime.session);
    return calls ? Promise.all([calls, subscriptions]).then(nothing) : subscriptions;
  }

  released(runtime: SessionRuntime, reason: SessionCloseReason): void {
    this.writeAck(runtime);
    const at = this.unacknowledged.indexOf(runtime);
    if (at >= 0) this.unacknowledged.splice(at, 1);
    this.results.detach(runtime);
    this.sessions.delete(runtime);
    for (const id of runtime.openIds.splice(0)) this.fail(id, sessionClosed(reason));
    if (!runtime.isDisowned) this.writeClosed(runtime, reason);
  }

  private writeClosed(runtime: SessionRuntime, reason: SessionCloseReason): void {
    const ids = runtime.closeIds.splice(0);
    for (const id of ids) this.owner.answers.send(closedFrame(runtime, reason, id));
    if (!ids.length && reason !== REFUSED) this.owner.answers.send(closedFrame(runtime, reason));
  }

  /** Records a refused message, so that a later acknowledgement does not include it. */
  private recordRefusal(refusal: EarlyRefusal): void {
    const { id, stream, error } = refusal;
    // Its stream may open with a kept frame, or belong to another identity after the sign-in.
    if (this.owner.isSigningIn) (this.earlyRefusals ??= []).push(refusal);
    // Without a key it may be a message of any stream, so no stream may count it as handled.
    const streams = stream === undefined ? this.sessions.keys() : [stream];
    for (const key of streams) this.sessions.get(key)?.messageResults?.failed(id, error);
  }

  private writeAck(runtime: SessionRuntime): void {
    const id = runtime.takeAck();
    if (id) this.owner.outbox.push(this.owner.frames.codec.encodeAck(runtime.session.stream, id));
  }
}

function nothing(): void {}
