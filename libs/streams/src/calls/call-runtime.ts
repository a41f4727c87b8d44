import { CodedError, messageNameOf, type Message } from '@nestwire/protocol';
import type { CallFrame, ClientEndFrame, ClientItemFrame, FramePayload } from '@nestwire/protocol/codec';
import { wireErrorOf } from '@nestwire/protocol/internal';
import { encodingOf } from '@nestwire/protocol/compiled';
import type { MethodFacts } from '../endpoint/endpoint.js';
import { outcomeError, type CallOutcome, type CallResults } from '../resend/call-results.js';
import { copiedPayload } from '../session/copied-payload.js';
import type { SessionRuntime } from '../session/session-runtime.js';
import { clientIdRequired, possiblyHandled } from '../session/stream.errors.js';
import { isPromiseLike } from '../validation/promise-like.js';
import { cancelled, deadlineExceeded, excessCredit, notAnItem, unexpectedItem } from './call.errors.js';
import type { CallPort, ConnectedCall } from './call-port.js';
import { callTransition, type CallState } from './call-state.js';
import { sourceOf, type ItemSource } from './item-source.js';
import { OutboundWindow, type CreditProgress } from './outbound-window.js';
import { ReceivedItems, type ItemCredit, type ItemsOwner } from './received-items.js';
import { ServerCall } from './server-call.js';

/** The parts that a call is made of. */
export interface CallParts {
  readonly frame: CallFrame;
  readonly payload: FramePayload;
  readonly session: SessionRuntime;
  readonly facts: MethodFacts;
  /** The outcomes of the client's calls; undefined when it has no id. */
  readonly results: CallResults | undefined;
}

/**
 * Runs one call: its method, the items in both directions, one end.
 *
 * The end that the client receives comes first; the call is released when the code of the application has
 * settled.
 */
export class CallRuntime implements ConnectedCall, ItemsOwner {
  readonly id: number;
  readonly session: SessionRuntime;
  /** Resolves when the client waits for no single reply. */
  readonly whenReplied: Promise<void>;
  /** Resolves when the call is released. */
  readonly whenReleased: Promise<void>;
  private state: CallState = 'waiting';
  private readonly head: Omit<CallFrame, 'data'>;
  private readonly facts: MethodFacts;
  private readonly results: CallResults | undefined;
  private readonly call: ServerCall;
  private readonly window: OutboundWindow;
  private readonly items: ReceivedItems | undefined;
  private payload: FramePayload | undefined;
  /** The decoded frame of a call that starts at once; a waiting one would take many times its bytes. */
  private frame: CallFrame | undefined;
  private source: ItemSource | undefined;
  private cancelDeadline: (() => void) | undefined;
  private wake: (() => void) | undefined;
  /** The wait for the outbound queue. */
  private below: Promise<void> | undefined;
  private resolveReleased!: () => void;
  private resolveReplied!: () => void;
  private resolveOutcome: ((outcome: CallOutcome | undefined) => void) | undefined;
  /** The outcome of the call on another server. */
  private claimedOutcome: CallOutcome | undefined;
  private isClaimed = false;
  /** The time that the event loop spent on the request, in milliseconds. */
  private workMs = 0;

  constructor(
    { frame, payload, session, facts, results }: CallParts,
    private readonly port: CallPort<CallRuntime>,
  ) {
    const { data: _, ...head } = frame;
    const { callWindow, callWindowBytes } = port.limits;
    this.head = head;
    this.id = frame.id;
    this.session = session;
    this.facts = facts;
    this.results = results;
    this.frame = session.isOpen && !frame.redelivered && !facts.isOnce ? frame : undefined;
    this.payload = this.frame ? payload : copiedPayload(payload);
    this.window = new OutboundWindow(Math.min(frame.window, callWindow), callWindowBytes);
    this.items = facts.takesItems ? new ReceivedItems(port.limits, this) : undefined;
    if (!frame.items) this.items?.finish();
    this.call = new ServerCall(
      frame.callId ?? `${session.session.id}.${frame.id}`,
      session.session,
      this.startDeadline(frame.timeoutMs),
    );
    this.whenReplied = new Promise((resolve) => (this.resolveReplied = resolve));
    this.whenReleased = new Promise((resolve) => (this.resolveReleased = resolve));
  }

  /** The name of the method. */
  get method(): string {
    return this.head.method;
  }

  /** True while the client waits for a single reply, or the method has not returned. */
  get isReplying(): boolean {
    return this.state === 'waiting' || this.state === 'running';
  }

  /** Starts the method, once the stream is open. */
  start(): void {
    if (this.state !== 'waiting') return;
    if (this.head.redelivered || this.facts.isOnce) void this.startOnce();
    else this.run();
  }

  /** Takes an item of the client. */
  receive(frame: ClientItemFrame, payload: FramePayload): void {
    try {
      if (!this.items) throw unexpectedItem();
      this.items.add(frame, payload);
    } catch (error) {
      this.end(error);
    }
  }

  /** Takes the end of the client's items. */
  receiveEnd({ error }: ClientEndFrame): void {
    this.items?.finish(error ? { error: new CodedError(error.code, error.message) } : {});
  }

  /** Takes the number of items that the client has consumed; returns its progress. */
  receiveCredit(consumed: number): CreditProgress | undefined {
    const progress = this.window.consume(consumed);
    if (progress) this.wake?.();
    else this.end(excessCredit(consumed, this.window.sent));
    return progress;
  }

  /** Ends the call for its client. */
  cancel(): void {
    this.end(cancelled());
  }

  /** Cancels the call, because it cannot continue without its client. */
  detach(): void {
    this.cancel();
  }

  /** Ends the call with an error, which its method sees in `signal`; without effect after the end. */
  end(error: unknown): void {
    if (this.state === 'ending' || this.state === 'ended') return;
    this.port.failed(this, error, 0);
    this.close(error);
  }

  hold(bytes: number): boolean {
    return this.port.hold(bytes);
  }

  release(bytes: number): void {
    this.port.release(bytes);
  }

  decode(payload: FramePayload): ClientItemFrame {
    return this.port.decode(payload) as ClientItemFrame;
  }

  read({ type, data }: ClientItemFrame): Message | Promise<Message> {
    this.port.beginWork();
    try {
      const item = this.session.handlers.readItem(this.method, type, data);
      this.session.handlers.read?.();
      return item;
    } catch (error) {
      this.end(error);
      throw error;
    } finally {
      this.port.endWork();
    }
  }

  credit(credit: ItemCredit): void {
    this.port.credit(this, credit);
  }

  refused(error: unknown): void {
    this.end(error);
  }

  private startDeadline(timeoutMs: number | undefined): Date | undefined {
    if (timeoutMs === undefined) return undefined;
    this.cancelDeadline = this.port.clock.after(timeoutMs, () => this.end(deadlineExceeded(timeoutMs)));
    return new Date(Date.now() + timeoutMs);
  }

  /** Answers a call that has run before, and runs any other. */
  private async startOnce(): Promise<void> {
    const { results, id, head } = this;
    try {
      if (this.facts.isOnce && !results) throw clientIdRequired(head.type);
      const outcome = head.redelivered ? await results?.find(id) : undefined;
      if (this.state !== 'waiting') return;
      if (outcome) return this.answer(outcome);
      this.run();
    } catch (error) {
      if (this.isReplying) this.fail(error);
    }
  }

  private run(): void {
    const { results, id } = this;
    this.enter('running');
    results?.begin(id, new Promise((resolve) => (this.resolveOutcome = resolve)));
    this.port.beginWork();
    let result: unknown;
    try {
      result = this.invoke();
    } catch (error) {
      return this.fail(error);
    } finally {
      this.workMs = this.port.measuredMs(performance.now());
      this.port.endWork();
    }
    if (!isPromiseLike(result)) return this.returned(result);
    result.then(
      (value) => this.returned(value),
      (error: unknown) => this.fail(error),
    );
  }

  private invoke(): unknown {
    const { results, id, method, call, items } = this;
    const { type, data } = this.takeFrame();
    const isRedelivered = this.head.redelivered === true;
    const take = async (): Promise<boolean> => {
      this.claimedOutcome = await results?.claim({ id, isRedelivered });
      this.isClaimed = !this.claimedOutcome;
      return !this.isClaimed;
    };
    const claim = this.facts.isOnce ? { isRedelivered, take } : undefined;
    return this.session.handlers.call({ method, type, data, id, call, items, claim });
  }

  private takeFrame(): CallFrame {
    const { payload, frame } = this;
    this.payload = this.frame = undefined;
    if (payload === undefined) throw new Error('The request of a call is read once.');
    this.port.release(payload.length);
    return frame ?? (this.port.decode(payload) as CallFrame);
  }

  private returned(value: unknown): void {
    try {
      if (this.claimedOutcome) return this.answer(this.claimedOutcome);
      const source = sourceOf(value, this.port.limits.maxObservedItems);
      if (source) this.stream(source);
      else this.reply(value);
    } catch (error) {
      this.fail(error);
    }
  }

  private reply(value: unknown): void {
    const reply = value ?? undefined;
    if (reply !== undefined) assertMessage(this.method, reply);
    const { wire } = this.port;
    const frame = wire.replyFrame(this.id, reply as object | undefined);
    if (this.isClaimed) this.results?.settle(this.id, { stored: reply ? encodingOf(reply) : null });
    this.settle({ reply: frame, subprotocol: wire.subprotocol });
    if (!wire.isAboveSoftBound || this.state !== 'running') return this.finish(frame);
    void wire.whenBelowSoftBound().then(() => this.finish(frame));
  }

  /** Sends the outcome of an earlier sending. */
  private answer(outcome: CallOutcome): void {
    if ('error' in outcome) throw outcomeError(outcome);
    const { wire } = this.port;
    if ('stored' in outcome) return this.finish(wire.storedReplyFrame(this.id, outcome.stored));
    if (outcome.subprotocol !== wire.subprotocol) throw possiblyHandled('Its reply has another encoding.');
    this.finish(outcome.reply);
  }

  private stream(source: ItemSource): void {
    const notRepeated = possiblyHandled('Its method replies with items, which are not sent again.');
    this.settle({ error: wireErrorOf(notRepeated) });
    if (this.head.redelivered) {
      void source.leave();
      throw notRepeated;
    }
    this.source = source;
    if (this.state === 'running') this.enter('streaming');
    this.resolveReplied();
    void this.pump(source);
  }

  /** Sends the items while there is room, and releases the call when the source has settled. */
  private async pump(source: ItemSource): Promise<void> {
    try {
      while (await this.hasRoom()) {
        const next = await source.next();
        if (this.state !== 'streaming') break;
        if (next.done) return this.finish(this.port.wire.endFrame(this.id));
        assertMessage(this.method, next.value);
        const frame = this.port.wire.itemFrame(this.id, this.window.sent + 1, next.value);
        if (!this.window.fits(frame.length) && !(await this.hasRoom(frame.length))) break;
        this.window.add(frame.length);
        this.port.wire.push(frame);
      }
    } catch (error) {
      if (this.state === 'streaming') {
        this.port.failed(this, error, 0);
        this.close(error);
      }
    }
    await source.leave();
    this.releaseAll();
  }

  /** Waits for credit and for room in the outbound queue; resolves to false when the call ends. */
  private async hasRoom(size = 1): Promise<boolean> {
    const { wire } = this.port;
    while (this.state === 'streaming') {
      if (wire.isAboveSoftBound) await this.belowSoftBound();
      else if (size === 1 ? this.window.isOpen : this.window.fits(size)) return true;
      else await this.woken();
    }
    return false;
  }

  /** Waits for the outbound queue; a credit may end the wait early. */
  private belowSoftBound(): Promise<void> {
    this.below ??= this.port.wire.whenBelowSoftBound().then(() => {
      this.below = undefined;
      this.wake?.();
    });
    return this.woken();
  }

  private woken(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  /** Sends the end to the client, unless it has one, and releases the call. */
  private finish(frame: FramePayload): void {
    if (this.state === 'waiting' || this.state === 'running' || this.state === 'streaming') {
      this.port.wire.push(frame);
      this.finished(undefined);
    }
    this.releaseAll();
  }

  /** Ends a call whose method has failed. */
  private fail(error: unknown): void {
    if (this.state === 'waiting' || this.state === 'running') {
      const wire = this.port.failed(this, error, this.workMs);
      if (this.isClaimed) this.results?.settle(this.id, { error: wire });
      // Another server may still have its outcome.
      this.settle(this.facts.isOnce && !this.isClaimed ? undefined : { error: wire });
      this.finished(error);
    } else
      this.settle({ error: wireErrorOf(possiblyHandled('It was ended before its method has settled.')) });
    this.releaseAll();
  }

  /** Makes the client's side free; the code of the application may still run. */
  private close(error: unknown): void {
    this.call.abort(error);
    this.finished(error);
    if (this.state === 'waiting') return this.releaseAll();
    this.enter('ending');
    this.wake?.();
    void this.source?.leave();
  }

  private finished(error: unknown): void {
    this.cancelDeadline?.();
    this.items?.close(error === undefined ? {} : { error });
    this.resolveReplied();
    this.port.finished(this);
  }

  private settle(outcome: CallOutcome | undefined): void {
    this.resolveOutcome?.(outcome);
    this.resolveOutcome = undefined;
  }

  private releaseAll(): void {
    if (this.state === 'ended') return;
    this.enter('ended');
    if (this.payload !== undefined) this.port.release(this.payload.length);
    this.payload = this.frame = undefined;
    this.port.released(this);
    this.resolveReleased();
  }

  /** Enters another state; all transitions are made here. */
  private enter(state: CallState): void {
    this.state = callTransition(this.state, state);
  }
}

function assertMessage(method: string, value: unknown): asserts value is object {
  if (!messageNameOf((value as object | undefined)?.constructor)) throw notAnItem(method, value);
}
