import { CodedError, type Message } from '@nestwire/protocol';
import { deferred, DONE, type Deferred } from '@nestwire/messages/internal';
import type { CallFrame, ClientEndFrame, ClientItemFrame, FramePayload } from '@nestwire/protocol/codec';
import { wireErrorOf } from '@nestwire/protocol/internal';
import { encodingOf } from '@nestwire/protocol/compiled';
import type { MessageClaim, MethodFacts } from '../endpoint/endpoint.js';
import { outcomeError, type CallResults } from '../resend/call-results.js';
import type { CallOutcome } from '../resend/recorded-outcomes.js';
import { copiedPayload } from '../session/copied-payload.js';
import type { SessionRuntime } from '../session/session-runtime.js';
import { clientIdRequired, possiblyHandled } from '../session/stream.errors.js';
import { isPromiseLike } from '../validation/promise-like.js';
import { cancelled, deadlineExceeded, excessCredit, unexpectedItem } from './call.errors.js';
import type { CallPort, ConnectedCall } from './call-port.js';
import { callTransition, type CallState } from './call-state.js';
import { assertItem, ItemSender } from './item-sender.js';
import { sourceOf, type ItemSource } from './item-source.js';
import { OutboundWindow, type CreditProgress } from './outbound-window.js';
import { ReceivedItems, type ItemCredit, type ItemsOwner } from './received-items.js';
import { ServerCall } from './server-call.js';

/** The outcome of a call with a stream of items. */
const NOT_REPEATED = {
  error: wireErrorOf(possiblyHandled('Its method replies with items, which are not sent again.')),
};
/** The outcome of a method that returns nothing. */
const NOTHING = { stored: null };
/** The outcome of a call that its client has left. */
const LEFT = { error: wireErrorOf(possiblyHandled('It was ended before its method has settled.')) };

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
  /** The name of the method. */
  readonly method: string;
  private state: CallState = 'waiting';
  private readonly type: string;
  private readonly isRedelivered: boolean;
  private readonly maxItems: number;
  private readonly facts: MethodFacts;
  private readonly results: CallResults | undefined;
  private readonly call: ServerCall;
  private readonly items: ReceivedItems | undefined;
  private payload: FramePayload | undefined;
  /** The decoded frame of a call that starts at once; a waiting one would take many times its bytes. */
  private frame: CallFrame | undefined;
  // Most calls have one reply in the turn in which they arrive, so the parts below are created on demand.
  private outbound: OutboundWindow | undefined;
  private sender: ItemSender | undefined;
  private cancelDeadline: (() => void) | undefined;
  private replied: Deferred<void> | undefined;
  private released: Deferred<void> | undefined;
  /** The outcome of the call on another server. */
  private claimedOutcome: CallOutcome | undefined;
  private isClaimed = false;
  /** True while the outcome of the method is not recorded. */
  private isOutcomeDue = false;
  /** The time that the event loop spent on the request, in milliseconds. */
  private workMs = 0;

  constructor(
    { frame, payload, session, facts, results }: CallParts,
    private readonly port: CallPort<CallRuntime>,
  ) {
    this.id = frame.id;
    this.session = session;
    this.method = frame.method;
    this.type = frame.type;
    this.isRedelivered = frame.redelivered === true;
    this.maxItems = frame.window;
    this.facts = facts;
    this.results = results;
    this.frame = session.isOpen && !this.isRedelivered && !facts.isOnce ? frame : undefined;
    this.payload = this.frame ? payload : copiedPayload(payload);
    this.items = facts.takesItems ? new ReceivedItems(port.limits, this) : undefined;
    if (!frame.items) this.items?.finish();
    this.call = new ServerCall(
      frame.callId ?? `${session.session.id}.${frame.id}`,
      session.session,
      this.startDeadline(frame.timeoutMs),
    );
  }

  /** True while the client waits for a single reply, or the method has not returned. */
  get isReplying(): boolean {
    return this.state === 'waiting' || this.state === 'running';
  }

  /** Resolves when the client waits for no single reply. */
  get whenReplied(): Promise<void> {
    return this.isReplying ? (this.replied ??= deferred<void>()).promise : DONE;
  }

  /** Resolves when the call is released. */
  get whenReleased(): Promise<void> {
    return this.state === 'ended' ? DONE : (this.released ??= deferred<void>()).promise;
  }

  /** Starts the method, once the stream is open. */
  start(): void {
    if (this.state !== 'waiting') return;
    if (this.isRedelivered || this.facts.isOnce) void this.startOnce();
    else this.run();
  }

  /** True while the window of the client has room for another item. */
  get mayReceive(): boolean {
    return this.items?.hasRoom ?? false;
  }

  /** Takes an item of the client; returns false when it ends the call. */
  receive(frame: ClientItemFrame, payload: FramePayload): boolean {
    try {
      if (!this.items) throw unexpectedItem();
      this.items.add(frame, payload);
      return true;
    } catch (error) {
      this.end(error);
      return false;
    }
  }

  /** Takes the end of the client's items. */
  receiveEnd({ error }: ClientEndFrame): void {
    this.items?.finish(error ? { error: new CodedError(error.code, error.message) } : {});
  }

  /** Takes the number of items that the client has consumed; returns its progress. */
  receiveCredit(consumed: number): CreditProgress | undefined {
    const progress = this.window.consume(consumed);
    if (progress) this.sender?.resume();
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

  /** The items in flight to the client. */
  private get window(): OutboundWindow {
    const { callWindow, callWindowBytes } = this.port.limits;
    return (this.outbound ??= new OutboundWindow(Math.min(this.maxItems, callWindow), callWindowBytes));
  }

  /** Answers a call that has run before, and runs any other. */
  private async startOnce(): Promise<void> {
    const { results, id } = this;
    try {
      if (this.facts.isOnce && !results) throw clientIdRequired(this.type);
      const outcome = this.isRedelivered ? await results?.find(id) : undefined;
      if (this.state !== 'waiting') return;
      if (outcome) return this.answer(outcome);
      this.run();
    } catch (error) {
      if (this.isReplying) this.fail(error);
    }
  }

  private run(): void {
    this.enter('running');
    this.isOutcomeDue = true;
    // The work on a frame that arrives in this turn is measured from its arrival on.
    const hasWaited = !this.frame;
    if (hasWaited) this.port.beginWork();
    let result: unknown;
    try {
      result = this.invoke();
      if (isPromiseLike(result)) this.workMs = this.port.measuredMs(performance.now());
    } catch (error) {
      return this.fail(error);
    } finally {
      if (hasWaited) this.port.endWork();
    }
    if (!isPromiseLike(result)) return this.returned(result);
    this.results?.begin(this.id);
    result.then(
      (value) => this.returned(value),
      (error: unknown) => this.fail(error),
    );
  }

  private invoke(): unknown {
    const { id, method, call, items } = this;
    const { type, data } = this.takeFrame();
    const claim = this.facts.isOnce ? this.claim() : undefined;
    return this.session.handlers.call({ method, type, data, id, call, items, claim });
  }

  /** Returns the claim of a call that runs once in the cluster. */
  private claim(): MessageClaim {
    const { results, id, isRedelivered } = this;
    const take = async (): Promise<boolean> => {
      this.claimedOutcome = await results?.claim({ id, isRedelivered });
      this.isClaimed = !this.claimedOutcome;
      return !this.isClaimed;
    };
    return { isRedelivered, take };
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
    if (reply !== undefined) assertItem(this.method, reply);
    const { wire } = this.port;
    const frame = wire.replyFrame(this.id, reply as object | undefined);
    if (this.isClaimed) this.results?.settle(this.id, { stored: reply ? encodingOf(reply) : null });
    this.settle(reply === undefined ? NOTHING : { reply: frame, subprotocol: wire.subprotocol });
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
    this.settle(NOT_REPEATED);
    if (this.isRedelivered) {
      void source.leave();
      throw outcomeError(NOT_REPEATED);
    }
    if (this.state === 'running') this.enter('streaming');
    this.replied?.resolve();
    const { id, method, window } = this;
    this.sender = new ItemSender(source, { call: id, method, window, wire: this.port.wire });
    // The client may have left while the method ran.
    if (this.state !== 'streaming') this.sender.stop();
    void this.sendItems(this.sender);
  }

  /** Sends the items and the end, and releases the call when the source has settled. */
  private async sendItems(sender: ItemSender): Promise<void> {
    try {
      const isComplete = await sender.send();
      if (isComplete) return this.finish(this.port.wire.endFrame(this.id));
    } catch (error) {
      if (this.state === 'streaming') {
        this.port.failed(this, error, 0);
        this.close(error);
      }
    }
    await sender.settled();
    this.releaseAll();
  }

  /** Sends the end to the client, unless it has one, and releases the call. */
  private finish(frame: FramePayload): void {
    if (this.state === 'waiting' || this.state === 'running' || this.state === 'streaming') {
      this.port.wire.push(frame);
      this.leaveClient(undefined);
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
      this.leaveClient(error);
    } else this.settle(LEFT);
    this.releaseAll();
  }

  /** Makes the client's side free; the code of the application may still run. */
  private close(error: unknown): void {
    this.call.abort(error);
    this.leaveClient(error);
    if (this.state === 'waiting') return this.releaseAll();
    this.port.finished(this);
    this.enter('ending');
    this.sender?.stop();
  }

  /** Releases the parts of the call that serve its client. */
  private leaveClient(error: unknown): void {
    this.cancelDeadline?.();
    this.items?.close(error === undefined ? {} : { error });
    this.replied?.resolve();
  }

  private settle(outcome: CallOutcome | undefined): void {
    if (this.isOutcomeDue) this.results?.settled(this.id, outcome);
    this.isOutcomeDue = false;
  }

  private releaseAll(): void {
    if (this.state === 'ended') return;
    this.enter('ended');
    if (this.payload !== undefined) this.port.release(this.payload.length);
    this.payload = this.frame = undefined;
    this.port.released(this);
    this.released?.resolve();
  }

  /** Enters another state; all transitions are made here. */
  private enter(state: CallState): void {
    this.state = callTransition(this.state, state);
  }
}
