import type { ClientMessageFrame, FramePayload } from '@nestwire/protocol/codec';
import type { Endpoint, Handlers } from '../endpoint/endpoint-registry.js';
import { errorLog } from '../enhancers/error-log.js';
import { isPromiseLike } from '../validation/promise-like.js';
import { copiedPayload } from './copied-payload.js';
import { ResultSender, type ResultOwner } from './result-sender.js';
import {
  ACCESS_LOST,
  IDENTITY_CHANGED,
  NOT_BEGUN,
  REFUSED,
  type MessageHead,
  type RuntimePort,
} from './runtime-port.js';
import type { SessionResults } from '../resend/session-results.js';
import type { SessionCloseReason } from './session-close-reason.js';
import type { PendingMessages } from '../resend/stream-results.js';
import { busy, clientIdRequired, handlerTimeout, sessionClosed } from './stream.errors.js';
import type { ServerSession } from './server-session.js';

/** A message that waits for its turn, as it came: decoded it would take many times its bytes. */
interface Pending {
  readonly head: MessageHead;
  readonly payload: FramePayload;
  readonly bytes: number;
}

interface Running {
  /** The message that is handled; absent while the stream opens or ends. */
  readonly head: MessageHead | undefined;
  readonly since: number;
  /** The time that the event loop spent on the message before the rest became asynchronous. */
  readonly workMs: number;
  readonly done: () => void;
}

/**
 * Runs one session: opens it, handles its messages one at a time, ends it once.
 *
 * A handler without asynchronous parts runs in the turn that its message arrived in.
 */
export class SessionRuntime implements ResultOwner, PendingMessages {
  private readonly results = new ResultSender(this);
  /** Whether the connection belongs to another identity by now: nothing of the session may reach it. */
  isDisowned = false;
  /** The ids of the opening frames that wait for their answer. */
  readonly openIds: number[] = [];
  /** The ids of the closing frames that wait for theirs. */
  readonly closeIds: number[] = [];
  /** What the client may be answered again; undefined where it gave no name. */
  messageResults: SessionResults | undefined;
  private handlers: Handlers | undefined;
  private state: 'opening' | 'open' | 'ending' = 'opening';
  private queue: Pending[] = [];
  private queuedBytes = 0;
  private running: Running | undefined;
  private whenIdle: Promise<void> = Promise.resolve();
  private ackId = 0;
  private isHandling = false;
  private wasOpened = false;
  /** Time that the event loop spent on opening the stream, in milliseconds. */
  openingMs = 0;
  private ending: Promise<void> | undefined;
  private leaving: Promise<void> | undefined;

  constructor(
    readonly session: ServerSession,
    private readonly endpoint: Endpoint,
    private readonly port: RuntimePort,
  ) {}

  /** Whether the session stays when an anonymous client signs in. */
  get isKeptOnSignIn(): boolean {
    return this.endpoint.options.keepOnSignIn;
  }

  /** Tells whether `@OnStreamOpened` has been fulfilled and the session has not ended. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** Tells whether the session opens, or handles a message. */
  get isWorking(): boolean {
    return this.isHandling || this.running !== undefined;
  }

  /** Settles when the session has ended; undefined as long as it takes messages. */
  get whenGone(): Promise<void> | undefined {
    return this.leaving;
  }

  /** Bytes of the messages that wait. */
  get pendingBytes(): number {
    return this.queuedBytes;
  }

  get maxResultStreams(): number {
    return this.port.limits.maxResultStreams;
  }

  /**
   * Pushes a message that a handler returned.
   *
   * @throws {CodedError} SESSION_CLOSED when the connection belongs to another identity now
   */
  push(message: object): void | Promise<void> {
    if (this.isDisowned) throw sessionClosed(IDENTITY_CHANGED);
    return this.port.push(this, message);
  }

  fail(error: unknown): void {
    this.port.failed(this, undefined, error);
  }

  /** Runs `@OnStreamOpened`, behind the end of a predecessor; messages wait until it has settled. */
  async open(predecessor?: Promise<void>): Promise<void> {
    const running = this.begin(undefined);
    let result: unknown;
    try {
      result = await this.setUp(running, predecessor);
    } catch (error) {
      this.finish(running);
      this.refuse(error);
      return;
    }
    this.finish(running);
    if (this.state !== 'opening') return;
    this.state = 'open';
    this.port.openSettled(this);
    this.results.sendSafely(result);
    this.drain();
  }

  /** Takes a message of the client, in the order sent. */
  receive(frame: ClientMessageFrame, payload: FramePayload, bytes: number): void {
    const { maxPendingMessages } = this.port.limits;
    if (this.leaving) return this.port.dropped(this, frame);
    if (this.queue.length + (this.running?.head ? 1 : 0) >= maxPendingMessages)
      return this.port.failed(this, frame.id, busy(maxPendingMessages));
    if (this.state === 'open' && !this.running && !this.queue.length) return this.handle(frame);
    this.queue.push({ head: headOf(frame), payload: copiedPayload(payload), bytes });
    this.queuedBytes += bytes;
    this.drain();
  }

  /** Tells whether a message with this id waits for its answer. */
  awaits(id: number): boolean {
    return this.running?.head?.id === id || this.queue.some(({ head }) => head.id === id);
  }

  async answered(id: number): Promise<void> {
    while (this.awaits(id)) await this.whenIdle;
  }

  /** Returns the id up to which messages are handled, once; 0 when there is nothing to tell. */
  takeAck(): number {
    const id = this.ackId;
    this.ackId = 0;
    return id;
  }

  /** Runs the guards again; ends the session, and does not wait for that, when it may not stay open. */
  async reauthorize(): Promise<void> {
    // A stream that is opening asks again by itself when it has opened.
    if (this.state !== 'open') return;
    try {
      await this.handlers!.authorize();
    } catch {
      void this.end(ACCESS_LOST);
    }
  }

  /** Answers a handler that has run for too long, and goes on with the next message. */
  checkDeadline(now: number): void {
    const { running } = this;
    if (!running || now - running.since < this.port.limits.handlerTimeoutMs) return;
    const error = handlerTimeout(this.endpoint.name, this.port.limits.handlerTimeoutMs);
    if (running.head) this.port.failed(this, running.head.id, error);
    else if (this.state === 'opening') this.refuse(error);
    else
      errorLog.log(
        `end ${this.endpoint.name}`,
        `The end of session ${this.session.id} did not finish in time; it is released. ${error.message}`,
      );
    this.finish(running);
  }

  /** Resolves when no handler runs and no message waits. */
  async idle(): Promise<void> {
    while (this.running || (this.queue.length && this.state !== 'ending')) await this.whenIdle;
  }

  /** Ends the session when the messages that wait have been handled, and takes no more. */
  endWhenIdle(reason: SessionCloseReason): Promise<void> {
    return (this.leaving ??= this.idle().then(() => this.end(reason)));
  }

  /**
   * Ends the session: the signal aborts, a running handler settles, `@OnStreamClosed` runs if the
   * open was fulfilled, the user objects are disposed. Idempotent.
   */
  end(reason: SessionCloseReason): Promise<void> {
    this.ending ??= this.runEnd(reason);
    this.leaving ??= this.ending;
    return this.ending;
  }

  /** Ends the session, if it has not ended, because the connection belongs to another identity now. */
  disown(): void {
    this.isDisowned = true;
    void this.end(IDENTITY_CHANGED);
  }

  /** Ends the session as its application asks; a handler that asks is not waited for. */
  close(reason: SessionCloseReason): Promise<void> {
    const isWithinHandler = this.isWorking;
    const ended = this.end(reason);
    return isWithinHandler ? Promise.resolve() : ended;
  }

  private async runEnd(reason: SessionCloseReason): Promise<void> {
    this.state = 'ending';
    this.session.end(reason);
    const left = this.port.ending(this);
    const unanswered = this.queue;
    this.queue = [];
    this.queuedBytes = 0;
    for (const { head } of unanswered) this.port.dropped(this, head, reason);
    // A handler may have called this before its promise was known here.
    await Promise.resolve();
    while (this.running) await this.whenIdle;
    if (left) await left;
    const running = this.begin(undefined);
    void this.cleanUp(reason).then(() => this.finish(running));
    while (this.running) await this.whenIdle;
    this.port.released(this, reason);
  }

  private async cleanUp(reason: SessionCloseReason): Promise<void> {
    if (this.wasOpened) await this.handlers!.closed(reason);
    await this.handlers?.dispose(reason);
  }

  private async setUp(running: Running, predecessor: Promise<void> | undefined): Promise<unknown> {
    await predecessor;
    if (this.state !== 'opening') return undefined;
    const bound = this.measured(() => this.endpoint.bind(this.session));
    const handlers = isPromiseLike(bound) ? await bound : bound;
    // Its deadline has passed, and the session has ended without them.
    if (this.running !== running) return handlers.dispose(REFUSED);
    handlers.read = () => this.port.read();
    this.handlers = handlers;
    if (this.state !== 'opening') return undefined;
    let { user } = this.session;
    const result = await this.measured(() => handlers.opened());
    this.wasOpened = true;
    while (user !== this.session.user) {
      ({ user } = this.session);
      await handlers.authorize();
    }
    return result;
  }

  private measured<T>(work: () => T): T {
    const startedAt = performance.now();
    try {
      return work();
    } finally {
      this.openingMs += performance.now() - startedAt;
    }
  }

  private refuse(error: unknown): void {
    if (this.state !== 'opening') return;
    this.port.openSettled(this, error);
    for (const { head } of this.queue) this.port.failed(this, head.id, error);
    this.queue = [];
    this.queuedBytes = 0;
    void this.end(this.wasOpened ? ACCESS_LOST : REFUSED);
  }

  private drain(): void {
    while (this.state === 'open' && !this.running && this.queue.length) {
      const pending = this.queue.shift()!;
      this.queuedBytes -= pending.bytes;
      if (!this.port.begin(pending.head)) continue;
      this.handle(this.port.decode(pending.payload));
      this.port.ended();
    }
  }

  private handle(frame: ClientMessageFrame): void {
    let result: unknown;
    this.isHandling = true;
    try {
      result =
        frame.redelivered || this.endpoint.once?.has(frame.type)
          ? this.handleOnce(frame)
          : this.handlers!.handle(frame.type, frame.data, frame.id);
      if (!isPromiseLike(result)) result = this.results.send(result);
    } catch (error) {
      return this.port.failed(this, frame.id, error);
    } finally {
      this.isHandling = false;
    }
    if (!isPromiseLike(result)) return this.acknowledge(frame);
    // The properties are not kept while the handler runs.
    void this.await(result, headOf(frame));
  }

  private async await(result: PromiseLike<unknown>, head: MessageHead): Promise<void> {
    const running = this.begin(head);
    try {
      await this.results.send(await result);
      if (this.running === running) this.acknowledge(head);
    } catch (error) {
      if (this.running !== running) return;
      if (error === NOT_BEGUN) this.port.dropped(this, head);
      else this.port.failed(this, head.id, error, running.workMs);
    }
    this.finish(running);
  }

  /** Handles a message unless it was before, here or, where the handler asks for it, in the cluster. */
  private async handleOnce(frame: ClientMessageFrame): Promise<unknown> {
    const { messageResults, endpoint } = this;
    const isOnce = endpoint.once?.has(frame.type);
    if (isOnce && !messageResults) throw clientIdRequired(frame.type);
    if (frame.redelivered && (await messageResults?.isHandled(frame.id))) return undefined;
    if (this.state !== 'open') throw NOT_BEGUN;
    // Without the properties, which are not kept while the handler runs.
    const head = headOf(frame);
    const claim = isOnce
      ? { isRedelivered: frame.redelivered === true, take: () => messageResults!.claim(head) }
      : undefined;
    return this.handlers!.handle(frame.type, frame.data, frame.id, claim);
  }

  private acknowledge(head: MessageHead): void {
    this.ackId = head.id;
    this.messageResults?.handled(head);
    this.port.answered(this);
  }

  private begin(head: MessageHead | undefined): Running {
    let done!: () => void;
    this.whenIdle = new Promise((resolve) => (done = resolve));
    const since = performance.now();
    this.running = { head, since, workMs: this.port.measuredMs(since), done };
    return this.running;
  }

  /** Ends what runs, unless a deadline did. */
  private finish(running: Running): void {
    if (this.running !== running) return;
    this.running = undefined;
    running.done();
    this.drain();
  }
}

function headOf({ id, stream, type, redelivered }: ClientMessageFrame): MessageHead {
  return { id, stream, type, redelivered };
}
