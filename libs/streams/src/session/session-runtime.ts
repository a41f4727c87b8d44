import type { ClientMessageFrame, FramePayload } from '@nestwire/protocol/codec';
import type { Endpoint, Handlers } from '../endpoint/endpoint-registry.js';
import { errorLog } from '../enhancers/error-log.js';
import { isPromiseLike } from '../validation/promise-like.js';
import { headOf, SessionQueue } from './session-queue.js';
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
import { sessionTransition, type SessionState } from './session-state.js';
import type { PendingMessages } from '../resend/stream-results.js';
import { busy, clientIdRequired, handlerTimeout, sessionClosed } from './stream.errors.js';
import type { ServerSession } from './server-session.js';

/** The asynchronous work that a session waits for. */
interface Running {
  /** The message of the handler; undefined while the stream opens or ends. */
  readonly head: MessageHead | undefined;
  /** The start in `performance.now()` time. */
  readonly since: number;
  /** The time that the event loop spent on the message before it became asynchronous, in milliseconds. */
  readonly workMs: number;
  readonly done: () => void;
}

/**
 * Runs one session: opens it, handles its messages one at a time, ends it once.
 *
 * A handler without asynchronous parts runs in the same turn in which its message arrives.
 */
export class SessionRuntime implements ResultOwner, PendingMessages {
  private readonly results = new ResultSender(this);
  /** True once the connection belongs to another identity: the session sends nothing more. */
  isDisowned = false;
  /** The ids of the `open` frames without an answer. */
  readonly openIds: number[] = [];
  /** The ids of the `close` frames without an answer. */
  readonly closeIds: number[] = [];
  /** The number of calls that are not released. */
  unreleasedCalls = 0;
  /** The recorded results of the client's messages; undefined when the client has no id. */
  messageResults: SessionResults | undefined;
  /** The time that the event loop spent on opening the stream, in milliseconds. */
  openingMs = 0;
  private boundHandlers: Handlers | undefined;
  private state: SessionState = 'opening';
  private readonly queue = new SessionQueue();
  private running: Running | undefined;
  private whenIdle: Promise<void> = Promise.resolve();
  /** The id of the latest handled message that is not acknowledged; 0 without one. */
  private ackId = 0;
  /** True while a handler runs in this turn of the event loop. */
  private isHandling = false;
  /** True once `@OnStreamOpened` has succeeded, so that `@OnStreamClosed` must run. */
  private wasOpened = false;
  private ending: Promise<void> | undefined;
  /** The end that was requested, also while it waits for queued messages. */
  private leaving: Promise<void> | undefined;

  constructor(
    readonly session: ServerSession,
    readonly endpoint: Endpoint,
    private readonly port: RuntimePort<SessionRuntime>,
  ) {}

  /** True when the session stays at the sign-in of an anonymous client. */
  get isKeptOnSignIn(): boolean {
    return this.endpoint.options.keepOnSignIn;
  }

  /** True after a successful `@OnStreamOpened` and before the end. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** The handlers of this session, which exist from `@OnStreamOpened` on. */
  get handlers(): Handlers {
    if (!this.boundHandlers) throw new Error('The session has no handlers before it opens.');
    return this.boundHandlers;
  }

  /** True while the stream opens or ends, or a handler runs. */
  get isWorking(): boolean {
    return this.isHandling || this.running !== undefined;
  }

  /** Settles when the session is released; undefined while it accepts messages. */
  get whenGone(): Promise<void> | undefined {
    return this.leaving;
  }

  /** The size of the waiting messages, in bytes. */
  get pendingBytes(): number {
    return this.queue.bytes;
  }

  get maxResultStreams(): number {
    return this.port.limits.maxResultStreams;
  }

  /**
   * Sends a message that a handler returned.
   *
   * @throws {CodedError} SESSION_CLOSED when the connection belongs to another identity
   */
  push(message: object): void | Promise<void> {
    if (this.isDisowned) throw sessionClosed(IDENTITY_CHANGED);
    return this.port.push(this, message);
  }

  fail(error: unknown): void {
    this.port.failed(this, undefined, error);
  }

  /** Runs `@OnStreamOpened` after the end of the predecessor; messages wait until it settles. */
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
    this.enter('open');
    this.port.openSettled(this);
    this.results.sendSafely(result);
    this.drain();
  }

  /** Handles a message of the client in its turn. */
  receive(frame: ClientMessageFrame, payload: FramePayload, bytes: number): void {
    const { maxPendingMessages } = this.port.limits;
    if (this.leaving) return this.port.dropped(this, frame);
    if (this.queue.length + (this.running?.head ? 1 : 0) >= maxPendingMessages)
      return this.port.failed(this, frame.id, busy(maxPendingMessages));
    if (this.state === 'open' && !this.running && !this.queue.length) return this.handle(frame);
    this.queue.push(frame, payload, bytes);
    this.drain();
  }

  /** Returns whether a message with this id has no answer yet. */
  awaits(id: number): boolean {
    return this.running?.head?.id === id || this.queue.has(id);
  }

  async answered(id: number): Promise<void> {
    while (this.awaits(id)) await this.whenIdle;
  }

  /** Returns and resets the id up to which messages are handled; 0 without a new one. */
  takeAck(): number {
    const id = this.ackId;
    this.ackId = 0;
    return id;
  }

  /** Runs the guards again; starts the end of the session when they refuse it. */
  async reauthorize(): Promise<void> {
    // An opening session checks the user again before it is open.
    if (this.state !== 'open') return;
    try {
      await this.handlers.authorize();
    } catch {
      void this.end(ACCESS_LOST);
    }
  }

  /** Answers for a handler that has exceeded its time, and continues with the next message. */
  checkDeadline(now: number): void {
    const { running } = this;
    if (!running || now - running.since < this.port.limits.handlerTimeoutMs) return;
    const error = handlerTimeout(this.endpoint.name, this.port.limits.handlerTimeoutMs);
    if (running.head) this.port.failed(this, running.head.id, error);
    else if (this.state === 'opening') this.refuse(error);
    else
      errorLog.log(
        `end ${this.endpoint.name}`,
        `Session ${this.session.id} did not end in time and is released. ${error.message}`,
      );
    this.finish(running);
  }

  /** Resolves when no handler runs and no message waits. */
  async idle(): Promise<void> {
    while (this.running || (this.queue.length && !this.hasEnded)) await this.whenIdle;
  }

  /** Refuses new messages, and ends the session when the waiting ones are handled. */
  endWhenIdle(reason: SessionCloseReason): Promise<void> {
    return (this.leaving ??= this.idle().then(() => this.end(reason)));
  }

  /**
   * Ends the session; idempotent.
   *
   * The signal aborts, a running handler settles, `@OnStreamClosed` runs if the open succeeded, and the
   * user objects are disposed.
   */
  end(reason: SessionCloseReason): Promise<void> {
    this.ending ??= this.runEnd(reason);
    this.leaving ??= this.ending;
    return this.ending;
  }

  /** Ends the session because the connection belongs to another identity. */
  disown(): void {
    this.isDisowned = true;
    void this.end(IDENTITY_CHANGED);
  }

  /** Ends the session for the application; does not wait for a handler that calls it. */
  close(reason: SessionCloseReason): Promise<void> {
    const isWithinHandler = this.isWorking;
    const ended = this.end(reason);
    return isWithinHandler ? Promise.resolve() : ended;
  }

  private async runEnd(reason: SessionCloseReason): Promise<void> {
    this.enter('ending');
    this.session.end(reason);
    const left = this.port.ending(this, reason);
    for (const head of this.queue.takeHeads()) this.port.dropped(this, head, reason);
    // A handler may call this before its promise is known here.
    await Promise.resolve();
    while (this.running) await this.whenIdle;
    if (left) await left;
    const running = this.begin(undefined);
    void this.cleanUp(reason).then(() => this.finish(running));
    while (this.running) await this.whenIdle;
    this.enter('released');
    this.port.released(this, reason);
  }

  private async cleanUp(reason: SessionCloseReason): Promise<void> {
    if (this.wasOpened) await this.handlers.closed(reason);
    await this.boundHandlers?.dispose(reason);
  }

  private async setUp(running: Running, predecessor: Promise<void> | undefined): Promise<unknown> {
    await predecessor;
    if (this.state !== 'opening') return undefined;
    // The frame was accepted before the predecessor's answers were written.
    if (predecessor) this.port.checkAnswers();
    const bound = this.measured(() => this.endpoint.bind(this.session));
    const handlers = isPromiseLike(bound) ? await bound : bound;
    // The deadline has passed, and the session has ended without these handlers.
    if (this.running !== running) return handlers.dispose(REFUSED);
    handlers.read = () => this.port.read();
    this.boundHandlers = handlers;
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
    for (const { id } of this.queue.takeHeads()) this.port.failed(this, id, error);
    void this.end(this.wasOpened ? ACCESS_LOST : REFUSED);
  }

  private drain(): void {
    while (this.state === 'open' && !this.running) {
      const next = this.queue.shift();
      if (!next) return;
      if (!this.port.begin(next.head)) continue;
      this.handle(this.port.decode(next.payload));
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
          : this.handlers.handle(frame.type, frame.data, frame.id);
      if (!isPromiseLike(result)) result = this.results.send(result);
    } catch (error) {
      return this.port.failed(this, frame.id, error);
    } finally {
      this.isHandling = false;
    }
    if (!isPromiseLike(result)) return this.acknowledge(frame);
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

  /** Handles a message unless this server, or with `once` another one, has handled it before. */
  private async handleOnce(frame: ClientMessageFrame): Promise<unknown> {
    const { messageResults, endpoint } = this;
    const isOnce = endpoint.once?.has(frame.type);
    if (isOnce && !messageResults) throw clientIdRequired(frame.type);
    if (frame.redelivered && (await messageResults?.isHandled(frame.id))) return undefined;
    if (this.state !== 'open') throw NOT_BEGUN;
    const head = headOf(frame);
    const claim =
      isOnce && messageResults
        ? { isRedelivered: frame.redelivered === true, take: () => messageResults.claim(head) }
        : undefined;
    return this.handlers.handle(frame.type, frame.data, frame.id, claim);
  }

  private acknowledge(head: MessageHead): void {
    this.ackId = head.id;
    this.messageResults?.handled(head);
    this.port.answered(this);
  }

  private get hasEnded(): boolean {
    return this.state === 'ending' || this.state === 'released';
  }

  /** Enters another state; all transitions are made here. */
  private enter(state: SessionState): void {
    this.state = sessionTransition(this.state, state);
  }

  private begin(head: MessageHead | undefined): Running {
    let done!: () => void;
    this.whenIdle = new Promise((resolve) => (done = resolve));
    const since = performance.now();
    this.running = { head, since, workMs: this.port.measuredMs(since), done };
    return this.running;
  }

  /** Ends the running work, unless a deadline has ended it. */
  private finish(running: Running): void {
    if (this.running !== running) return;
    this.running = undefined;
    running.done();
    this.drain();
  }
}
