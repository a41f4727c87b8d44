import type { Clock } from '@nestwire/messages/internal';
import type { CodedError, WireError } from '@nestwire/protocol';
import type { ClientFrame, FramePayload } from '@nestwire/protocol/codec';
import { wireErrorOf } from '@nestwire/protocol/internal';
import type { CallsOwner } from '../calls/connection-calls.js';
import { StoredCallStarts, type StartsOwner } from '../calls/stored-call-starts.js';
import { toWireError } from '../enhancers/error-reply.js';
import type { CallResults } from '../resend/call-results.js';
import type { ConnectionResults } from '../resend/connection-results.js';
import { streamNotOpen, unknownEndpoint } from '../session/stream.errors.js';
import type { SessionRuntime } from '../session/session-runtime.js';
import type { StreamsLimits } from '../streams-limits.js';
import { isRefusal, laterMsOf } from '../validation/refusal.js';
import type { ConnectionContext } from './connection-context.js';
import type { ConnectionOwner } from './connection-owner.js';
import { CallWriter } from './outbound/call-writer.js';
import { isChosenKey } from './stream-address.js';
import type { SessionTable } from './session-table.js';

/** Gives the calls of a connection its sessions, its writers and its limits. */
export class CallHost implements CallsOwner, StartsOwner {
  readonly wire: CallWriter;
  readonly storedCalls: StoredCallStarts;

  constructor(
    private readonly context: ConnectionContext,
    private readonly owner: ConnectionOwner,
    private readonly sessions: SessionTable,
    private readonly results: ConnectionResults,
  ) {
    this.wire = new CallWriter(owner.outbox, owner.frames);
    this.storedCalls = new StoredCallStarts(context.resumableCalls, this);
  }

  get limits(): StreamsLimits {
    return this.context.limits;
  }

  get clock(): Clock {
    return this.context.clock;
  }

  get isSigningIn(): boolean {
    return this.owner.isSigningIn;
  }

  sessionFor({ id, stream }: { readonly id: number; readonly stream: string }): SessionRuntime | undefined {
    const session = this.sessions.get(stream);
    if (session && !session.whenGone) return session;
    const isKnown = session || isChosenKey(stream) || this.context.endpoints.get(stream);
    this.fail(id, isKnown ? streamNotOpen(stream) : unknownEndpoint(stream));
    return undefined;
  }

  resultsOf(session: SessionRuntime): CallResults | undefined {
    return this.results.callsOf(session);
  }

  decode(payload: FramePayload): ClientFrame {
    // Its first decoding succeeded, so it is a frame.
    return this.owner.frames.codec.decodeClientFrame(payload) as ClientFrame;
  }

  /** The share of the user, or of the address of an anonymous client. */
  get share(): string {
    const { identity, id } = this.owner;
    return this.context.shares.keyOf(identity, identity.handshake.client ?? id);
  }

  measured(work: () => void): number {
    this.beginWork();
    work();
    const workMs = this.measuredMs(performance.now());
    this.endWork();
    return workMs;
  }

  measuredMs(now: number): number {
    return this.owner.answers.gate.measuredMs(now);
  }

  beginWork(): void {
    this.owner.answers.gate.begin(performance.now());
  }

  endWork(): void {
    this.owner.answers.gate.end();
  }

  charge(): void {
    this.owner.answers.gate.charge();
  }

  refundFrame(): void {
    this.owner.answers.gate.refundFrame();
  }

  itemTaken(): void {
    this.owner.answers.gate.itemTaken();
  }

  fail(id: number, error: CodedError): void {
    this.charge();
    this.owner.answers.fail({ t: 'error', id, error: wireErrorOf(error) });
  }

  callFailed({ session }: SessionRuntime, id: number, error: unknown, workMs: number): WireError {
    const wire = toWireError(error, (errorId, cause) =>
      this.context.logError(
        `${errorId} in a call of the stream "${session.endpoint}", session ${session.id}`,
        cause,
      ),
    );
    if (isRefusal(error)) this.owner.answers.gate.charge(workMs + laterMsOf(error));
    this.owner.answers.fail({ t: 'error', id, error: wire });
    return wire;
  }
}
