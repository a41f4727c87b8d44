import type { Clock } from '@nestwire/messages/internal';
import { CodedError, ErrorCode, type WireError } from '@nestwire/protocol';
import type {
  AttachFrame,
  CallFrame,
  CancelFrame,
  ClientCallFrame,
  ClientFrame,
  FramePayload,
} from '@nestwire/protocol/codec';
import { unknownMethod } from '../endpoint/session-handlers.js';
import { errorLog } from '../enhancers/error-log.js';
import type { CallResults } from '../resend/call-results.js';
import { copiedPayload } from '../session/copied-payload.js';
import { identityChanged, sessionClosed } from '../session/stream.errors.js';
import { IDENTITY_CHANGED } from '../session/runtime-port.js';
import type { SessionCloseReason } from '../session/session-close-reason.js';
import type { SessionRuntime } from '../session/session-runtime.js';
import type { StreamsLimits } from '../streams-limits.js';
import type { CallPort, CallWire, ConnectedCall, PortedCall } from './call-port.js';
import { CallReader, type PrepareReader } from './call-reader.js';
import { CallRuntime } from './call-runtime.js';
import { CallTable } from './call-table.js';
import { notResumable, tooManyCalls, tooManyItemBytes, unexpectedItem } from './call.errors.js';
import type { ReaderFrame, StoredCallStarts } from './stored-call-starts.js';
import { ItemCredits } from './item-credits.js';
import type { ItemCredit } from './received-items.js';

/** The frames of clients about calls. */
export type CallRelatedFrame = Exclude<ClientCallFrame, { readonly t: 'response' }>;

/** The parts of a connection that its calls use. */
export interface CallsOwner {
  readonly limits: StreamsLimits;
  readonly clock: Clock;
  /** True while frames wait for a sign-in. */
  readonly isSigningIn: boolean;
  readonly wire: CallWire & { creditFrame(call: number, consumed: number): FramePayload };
  /** Returns the session of a stream; answers the frame and returns undefined when it takes no calls. */
  sessionFor(frame: { readonly id: number; readonly stream: string }): SessionRuntime | undefined;
  /** Returns the outcomes of the client's calls; undefined when it has no id. */
  resultsOf(session: SessionRuntime): CallResults | undefined;
  /** Starts and continues resumable calls. */
  readonly storedCalls: StoredCallStarts;
  decode(payload: FramePayload): ClientFrame;
  measuredMs(now: number): number;
  beginWork(): void;
  endWork(): void;
  /** Charges the work on the current frame. */
  charge(): void;
  /** Returns the current frame to the rate of the client. */
  refundFrame(): void;
  /** Counts the current frame as an item that its call has taken. */
  itemTaken(): void;
  /** Answers a frame with an error, and charges it. */
  fail(id: number, error: CodedError): void;
  /** Writes the error that ends a call. */
  callFailed(session: SessionRuntime, id: number, error: unknown, workMs: number): WireError;
}

/** A credit of at least this progress costs the client nothing, because the server has sent more for it. */
const FREE_CREDIT_ITEMS = 16;
const FREE_CREDIT_BYTES = 32_768;

/** The calls of one connection. */
export class ConnectionCalls implements CallPort<ConnectedCall> {
  /** The calls whose end the client does not have, by their id. */
  private readonly calls = new CallTable<ConnectedCall>();
  /** The calls whose end the client has, and whose methods have not settled. */
  private readonly settling = new Set<ConnectedCall>();
  /** The calls whose frame is kept during a sign-in, and that are refused already. */
  private readonly refusedEarly = new Set<number>();
  private heldBytes = 0;
  /** The sizes of the requests of resumable calls that have not started. */
  private readonly held = new Map<PortedCall, number>();
  // Created on demand, because few clients send items.
  private credits: ItemCredits | undefined;

  constructor(private readonly owner: CallsOwner) {}

  get limits(): StreamsLimits {
    return this.owner.limits;
  }

  get clock(): Clock {
    return this.owner.clock;
  }

  get wire(): CallWire {
    return this.owner.wire;
  }

  /** Returns whether a call with this id has no end yet. */
  awaits(id: number): boolean {
    return this.calls.get(id) !== undefined;
  }

  /** Returns whether a call takes another item from its client now. */
  hasRoom(id: number): boolean {
    return this.calls.get(id)?.mayReceive ?? false;
  }

  /** Begins a call, or waits until its stream is open. */
  begin(frame: CallFrame, payload: FramePayload): void {
    if (this.refusedEarly.size && this.refusedEarly.delete(frame.id)) return;
    const session = this.owner.sessionFor(frame);
    if (!session) return;
    const facts = session.endpoint.methods.get(frame.method);
    if (!facts) return this.owner.fail(frame.id, unknownMethod(session.endpoint.name, frame.method));
    if (frame.items && !facts.takesItems) return this.owner.fail(frame.id, unexpectedItem());
    const { maxCalls, maxPendingBytes } = this.limits;
    if (session.unreleasedCalls >= maxCalls) return this.owner.fail(frame.id, tooManyCalls(maxCalls));
    if (!this.hold(payload.length)) return this.owner.fail(frame.id, tooManyItemBytes(maxPendingBytes));
    const results = this.owner.resultsOf(session);
    this.add(
      facts.resumable && frame.callId !== undefined
        ? this.heldReader(session, frame, payload)
        : new CallRuntime({ frame, payload, session, facts, results }, this),
    );
  }

  /** Takes any other frame of a call. */
  receive(frame: Exclude<CallRelatedFrame, CallFrame>, payload: FramePayload): void {
    if (frame.t === 'attach') return this.attach(frame);
    if (frame.call === undefined) return this.cancelStored(frame);
    const call = this.calls.get(frame.call);
    // Its end may be on the way to the client.
    if (!call) return this.owner.charge();
    switch (frame.t) {
      case 'item':
        if (call.receive(frame, payload)) this.owner.itemTaken();
        return;
      case 'end':
        return call.receiveEnd(frame);
      case 'credit':
        return this.takeCredit(call, frame.consumed);
      case 'cancel':
        return call.cancel();
      case 'detach':
        return call.detach();
    }
  }

  /** Ends the call of a frame that was refused, because its items would have a hole. */
  refuse(id: number, error: CodedError): void {
    const call = this.calls.get(id);
    if (call) call.end(error);
    else if (this.owner.isSigningIn && this.refusedEarly.size < this.limits.maxEarlyFrames)
      this.refusedEarly.add(id);
  }

  /** Ends all calls, because a frame of one of them was refused unread. */
  refuseAll(error: CodedError): void {
    for (const call of this.calls.all()) call.end(error);
  }

  /** Starts the calls that waited for their stream. */
  opened(session: SessionRuntime): void {
    for (const call of this.unreleased(session)) call.start();
  }

  /** Ends the calls of a stream that was refused. */
  openRefused(session: SessionRuntime, error: unknown): void {
    for (const call of this.unreleased(session)) call.end(error);
  }

  /**
   * Ends the calls of a session.
   *
   * Returns a promise when methods still run; it resolves when they have settled, at the latest after
   * `handlerTimeoutMs`.
   */
  ending(session: SessionRuntime, reason: SessionCloseReason): Promise<void> | undefined {
    const calls = this.unreleased(session);
    const error = reason === IDENTITY_CHANGED ? identityChanged() : sessionClosed(reason);
    for (const call of calls) call.end(error);
    return session.unreleasedCalls ? this.settled(session, calls) : undefined;
  }

  /** Resolves when no call waits for a single reply. */
  async idle(): Promise<void> {
    for (;;) {
      const replying = this.calls.all().filter(({ isReplying }) => isReplying);
      if (!replying.length) return;
      await Promise.race(replying.map(({ whenReplied }) => whenReplied));
    }
  }

  decode(payload: FramePayload): ClientFrame {
    return this.owner.decode(payload);
  }

  measuredMs(now: number): number {
    return this.owner.measuredMs(now);
  }

  beginWork(): void {
    this.owner.beginWork();
  }

  endWork(): void {
    this.owner.endWork();
  }

  hold(bytes: number): boolean {
    if (this.heldBytes && this.heldBytes + bytes > this.limits.maxPendingBytes) return false;
    this.heldBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.heldBytes -= bytes;
  }

  credit(call: PortedCall, credit: ItemCredit): void {
    this.credits ??= new ItemCredits(this.limits, performance.now());
    this.credits.add(call, credit, (consumed) =>
      this.owner.wire.push(this.owner.wire.creditFrame(call.id, consumed)),
    );
  }

  failed(call: PortedCall, error: unknown, workMs: number): WireError {
    return this.owner.callFailed(call.session, call.id, error, workMs);
  }

  finished(call: ConnectedCall): void {
    this.forget(call);
    this.settling.add(call);
  }

  released(call: ConnectedCall): void {
    this.releaseHeld(call);
    if (!this.settling.size || !this.settling.delete(call)) this.forget(call);
    call.session.unreleasedCalls--;
  }

  private add(call: ConnectedCall): void {
    this.calls.add(call);
    call.session.unreleasedCalls++;
    if (call.session.isOpen) call.start();
  }

  private takeCredit(call: ConnectedCall, consumed: number): void {
    const progress = call.receiveCredit(consumed);
    const isFree = progress && (progress.items >= FREE_CREDIT_ITEMS || progress.bytes >= FREE_CREDIT_BYTES);
    if (isFree) this.owner.refundFrame();
  }

  /** Continues a stored call on this connection. */
  private attach(frame: AttachFrame): void {
    const session = this.resumableSession(frame);
    if (!session) return;
    const { maxCalls } = this.limits;
    if (session.unreleasedCalls >= maxCalls) return this.owner.fail(frame.id, tooManyCalls(maxCalls));
    this.add(this.readerOf(session, frame, this.starts.authorize));
  }

  private cancelStored(frame: CancelFrame): void {
    const session = this.resumableSession(frame);
    if (!session) return;
    const key = this.starts.keyOf(session, frame);
    // A call that was sent before may still wait for its stream, its guards or the store.
    const isStarting = this.readersOf(key).filter((reader) => reader.cancelStart()).length > 0;
    const isCancelled = () => this.wire.push(this.wire.replyFrame(frame.id, undefined));
    this.starts.calls.cancel(key).then(isCancelled, (error: unknown) => {
      if (isStarting && error instanceof CodedError && error.code === ErrorCode.CallUnknown) isCancelled();
      else this.owner.callFailed(session, frame.id, error, 0);
    });
  }

  private readersOf(key: string): CallReader[] {
    return this.calls
      .all()
      .filter((call): call is CallReader => call instanceof CallReader && call.key === key);
  }

  /** Returns the session of a frame about a resumable method; else answers the frame. */
  private resumableSession(frame: AttachFrame | CancelFrame): SessionRuntime | undefined {
    const session = this.owner.sessionFor(frame);
    if (!session) return undefined;
    const { methods, name } = session.endpoint;
    const facts = methods.get(frame.method);
    if (facts?.resumable) return session;
    this.owner.fail(frame.id, facts ? notResumable(frame.method) : unknownMethod(name, frame.method));
    return undefined;
  }

  private readerOf(session: SessionRuntime, frame: ReaderFrame, prepare: PrepareReader): CallReader {
    const { id, method, window, received, consumed = received } = frame;
    const key = this.starts.keyOf(session, frame);
    const facts = { id, method, key, window, received, consumed, isNew: frame.t === 'call' };
    return new CallReader(session, facts, this.starts.calls, this, prepare);
  }

  /** Returns the reader of a new call, whose payload is held until it starts. */
  private heldReader(session: SessionRuntime, frame: CallFrame, payload: FramePayload): CallReader {
    const produce = this.starts.produce(copiedPayload(payload));
    const reader = this.readerOf(session, { ...frame, received: 0 }, (self) => {
      this.releaseHeld(self);
      return produce(self);
    });
    this.held.set(reader, payload.length);
    return reader;
  }

  /** Returns the calls of a session that are not released. */
  private unreleased(session: SessionRuntime): ConnectedCall[] {
    return [...this.calls.all(), ...this.settling].filter((call) => call.session === session);
  }

  private forget(call: ConnectedCall): void {
    // Another call may have its id since its end.
    this.calls.delete(call);
    this.credits?.forget(call);
  }

  private releaseHeld(call: PortedCall): void {
    if (!this.held.size) return;
    this.release(this.held.get(call) ?? 0);
    this.held.delete(call);
  }

  private get starts(): StoredCallStarts {
    return this.owner.storedCalls;
  }

  private async settled(session: SessionRuntime, calls: readonly ConnectedCall[]): Promise<void> {
    const { handlerTimeoutMs } = this.limits;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), handlerTimeoutMs).unref();
    });
    const isLate = await Promise.race([late, Promise.all(calls.map(({ whenReleased }) => whenReleased))]);
    clearTimeout(timer);
    if (isLate !== true) return;
    const unreleased = this.unreleased(session);
    for (const call of unreleased) this.settling.delete(call);
    const methods = [...new Set(unreleased.map(({ method }) => method))];
    errorLog.log(
      `calls ${session.endpoint.name}`,
      `Calls of ${methods.join(', ')} of "${session.endpoint.name}" did not settle within ${handlerTimeoutMs} ms ` +
        `after the end of session ${session.session.id}, which is released. Stop when "call.signal" aborts.`,
    );
  }
}
