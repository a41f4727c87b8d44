import { shouldReconnect, type CodedError, type WireError } from '@nestwire/protocol';
import type {
  ClosedFrame,
  ErrorFrame,
  FramePayload,
  OpenedFrame,
  ServerFrame,
} from '@nestwire/protocol/codec';
import { closedError, copyOf, notConnectedError } from '../client-error.js';
import type { ResolvedOptions } from '../client-options.js';
import {
  CATCH_UP_MS,
  MAX_ENDPOINTS,
  MAX_ID,
  MAX_SPREAD_MS,
  MAX_UNREADABLE,
  RATE_LIMITED_MS,
  UNREADABLE_MS,
} from '../limits.js';
import { callListeners, type Listeners } from '../listeners.js';
import { isMember } from '../member-names.js';
import { randomId } from '../transport/random-id.js';
import { onWakeUp } from '../transport/wake-up.js';
import { Backoff } from './backoff.js';
import {
  ABNORMAL,
  CREDENTIAL_EXPIRED,
  NORMAL,
  RATE_LIMITED,
  REPLACED,
  UNAUTHENTICATED,
} from './close-codes.js';
import type { ConnectedCall } from './connected-call.js';
import type { ConnectedStream } from './connected-stream.js';
import type { ConnectionStatus } from './connection-status.js';
import { credentialOf } from './credential.js';
import { ClientSocket, type ClientSocketOwner } from './client-socket.js';
import { Pending } from './pending.js';
import { untilDecided } from './until-decided.js';

/** The frames that change the state of a stream or session. */
const STATE_FRAMES: readonly string[] = [
  'opened',
  'closed',
  'subscribed',
  'unsubscribed',
  'position',
  'authenticated',
] satisfies ServerFrame['t'][];

/** The fields that tell frames of calls and requests from others. */
interface CallFields {
  readonly t: string;
  readonly stream: string;
  readonly id: number;
  readonly call: number;
  readonly request?: number;
}

type CreateStream = (name: string, connection: ClientConnection) => ConnectedStream;

/** Keeps the client connected to the server, and reports the connection's status. */
export class ClientConnection implements ClientSocketOwner {
  status: ConnectionStatus = { kind: 'idle' };
  /** The `spreadMs` of the server's `goaway`; undefined before it. */
  declare spreadMs?: number;
  declare readonly options: ResolvedOptions;
  /** The secret client id of all connections; an outbox replaces it with its own. */
  client = randomId();
  /** The name that the resume tokens of an anonymous client are bound to; set if it is stored. */
  resumeName?: string;
  /** The user of the last connection; null for an anonymous one, undefined before the first. */
  declare user?: string | null;
  /** The id of the last frame with an id. */
  lastId = 0;
  readonly listeners: Listeners = new Set();
  readonly contractListeners: Listeners = new Set();
  /** The calls that run, or wait for a connection. */
  readonly calls = new Map<number, ConnectedCall>();
  /** The streams in use, by their keys. */
  readonly #streams = new Map<string, ConnectedStream>();
  /** All streams that exist, by their names; those with parameters may be collected as garbage. */
  readonly #known = new Map<string, WeakRef<ConnectedStream>>();
  readonly #create: CreateStream;
  readonly #backoff: Backoff;
  /** The socket that carries messages, or the first attempt. */
  #socket?: ClientSocket;
  /** The attempt that replaces the current socket while its server goes away. */
  #next?: ClientSocket;
  /** The replaced socket, until the server has answered all messages on it. */
  #former?: ClientSocket;
  #cancelTimer?: () => void;
  #cancelCheck?: () => void;
  #unwatch?: () => void;
  /** The `auth` frames without an answer, by id. */
  readonly #pendingAuths = new Map<unknown, Pending>();
  #connectedAt = 0;
  /** The number of unreadable frames in a row. */
  #unreadable = 0;
  /** The hash of the server's contract in the first `welcome`. */
  #contract?: string;
  #refused = false;
  #renewed = false;

  constructor(options: ResolvedOptions, create: CreateStream) {
    this.options = options;
    this.#create = create;
    this.#backoff = new Backoff(options);
  }

  /** The server's `welcome`; undefined while there is no connection. */
  get welcome() {
    return this.#socket?.welcome;
  }

  /** True while an `auth` has no answer, so that the user of a new message is unknown. */
  get isSigningIn(): boolean {
    return this.#pendingAuths.size > 0;
  }

  /** The current socket; its users run only while connected. */
  get #connected(): ClientSocket {
    // A connected client has a socket.
    return this.#socket!;
  }

  /**
   * Returns the stream of a name; creates it on the first call.
   *
   * The name is that of the endpoint, followed by the sorted JSON of its parameters, if it has any.
   */
  streamOf(name: string): ConnectedStream {
    const known = this.#known.get(name)?.deref();
    if (known) return known;
    this.#known.forEach((stream, other) => stream.deref() || this.#known.delete(other));
    const stream = this.#create(name, this);
    this.#known.set(name, new WeakRef(stream));
    if (stream.key === name) this.keep(stream);
    return stream;
  }

  /** Removes a call that has ended. */
  forget(call: number): void {
    this.calls.delete(call);
    this.#closeFormerIfIdle();
  }

  /** Adds a stream to those in use. */
  keep(stream: ConnectedStream): void {
    this.#streams.set(stream.key, stream);
  }

  /** Removes a stream from those in use. */
  drop(stream: ConnectedStream): void {
    this.#streams.delete(stream.key);
  }

  /** Connects, or joins the attempt under way; resolves when the server has welcomed the client. */
  connect(): Promise<void> {
    if (this.#unwatch) this.#wake();
    else {
      this.#unwatch = onWakeUp(() => this.#wake());
      this.#try();
    }
    const joined = this.#join();
    // The status reports a failure too, so callers need not handle the promise.
    joined.catch(() => {});
    return joined;
  }

  /** Asks `auth` for a credential and signs in with it. */
  async authenticate(): Promise<void> {
    if (!this.#unwatch) throw notConnectedError();
    const socket = this.#socket;
    this.#renewed = false;
    if (socket?.welcome) {
      // The next socket uses the former credential.
      this.#closeNext();
      const token = await credentialOf(this.options, 'authenticate');
      if (socket === this.#socket) {
        const answer = new Pending();
        answer.limit(this.options);
        this.#pendingAuths.set(this.ask({ t: 'auth', token }), answer);
        await answer.promise;
      }
    } else this.#try();
    return this.#join();
  }

  /** Resolves when no message waits for an answer; errors count as answers. */
  async idle(): Promise<void> {
    for (;;) {
      const all = [...this.#streams.values()].flatMap(({ unanswered }) => unanswered);
      if (!all.length) return;
      await Promise.allSettled(all);
    }
  }

  /** Closes for good; resolves when the socket is closed. */
  async close(): Promise<void> {
    if (this.status.kind !== 'closed') await this.#end(NORMAL, 'closed by the client');
  }

  /** Encodes a frame in the subprotocol of a socket; in the preferred one before a connection. */
  encode(frame: object, socket = this.#socket): FramePayload {
    return this.options.codec.encode(frame, socket?.webSocket?.protocol);
  }

  /** The current connection to the server, or the attempt. */
  get socket() {
    return this.#socket;
  }

  /** The WebSocket that takes encoded frames; only while connected. */
  get webSocket() {
    // A connected socket has opened its WebSocket.
    return this.#connected.webSocket!;
  }

  /** Sends a frame whose answer is not an `ack`; returns its id. */
  ask(frame: object): number {
    const id = this.nextId();
    this.#connected.sendFrame({ ...frame, id });
    this.expectAnswer();
    return id;
  }

  /** Checks the connection soon, because an answer is awaited. */
  expectAnswer(): void {
    this.#connected.expectAnswer();
  }

  /** Returns the id for the next frame that needs an answer. */
  nextId(): number {
    return (this.lastId = (this.lastId % MAX_ID) + 1);
  }

  hello(): object {
    const resume = [...this.#streams.values()].flatMap((stream) => stream.toResume());
    const { client, user, resumeName } = this;
    const name = { client, ...(resumeName && { resumeName }) };
    return resume.length ? { ...name, resume, ...(user !== undefined && { resumeUser: user }) } : name;
  }

  welcomed(socket: ClientSocket): void {
    this.#connectedAt = this.options.clock.now();
    if (socket === this.#next) {
      this.#closeFormer();
      this.#former = this.#socket;
      this.#socket = socket;
      this.#next = this.spreadMs = undefined;
      this.#streams.forEach((stream) => stream.moved());
    }
    this.#accept();
    this.#closeFormerIfIdle();
    const { contract } = socket.welcome!;
    if (contract !== (this.#contract ??= contract))
      callListeners(this.contractListeners, this.options.onWarning);
  }

  received(socket: ClientSocket, frame: ServerFrame): void {
    const { t, stream, id, call, request } = frame as unknown as CallFields;
    const wire: WireError | undefined = (frame as ErrorFrame).error ?? (frame as ClosedFrame).reason;
    const error = wire && copyOf(wire);
    const ofCall = this.calls.get(t === 'error' ? id : call);
    if (ofCall) ofCall.received(frame, socket.size, error);
    else if (t === 'request') void this.#streams.get(stream)?.answer(frame, socket);
    else if (request) socket.withdraw(request);
    // The other frames of calls belong to those that have ended.
    else if (!call) this.#receivedByStreams(socket, frame, error);
    this.#closeFormerIfIdle();
  }

  #receivedByStreams(socket: ClientSocket, frame: ServerFrame, error?: CodedError): void {
    const { stream, id } = frame as OpenedFrame;
    if (socket === this.#socket) {
      if (frame.t === 'goaway') {
        this.spreadMs = frame.spreadMs > 0 ? Math.min(frame.spreadMs, MAX_SPREAD_MS) : 0;
        this.#scheduleNext();
      }
      // The next server would resume the channel from the position in its `hello`.
      if (
        frame.t === 'unsubscribed' &&
        this.#next &&
        this.#streams.get(stream)?.positions.has(frame.channel)
      ) {
        this.#closeNext();
        this.#scheduleNext();
      }
      if (frame.t === 'authenticated') {
        // A socket passes frames on after `welcome` only.
        socket.welcome = { ...socket.welcome!, user: frame.user };
        this.#accept();
      }
      // The server opens some streams by itself.
      if (isMember(stream) && this.#streams.size < MAX_ENDPOINTS) this.streamOf(stream);
      // Ignore the state of streams on the former connection.
    } else if (STATE_FRAMES.includes(frame.t)) {
      // Only a new subscription counts: the client sends it in another `hello`.
      if (frame.t === 'subscribed' && socket === this.#former)
        this.#streams.get(stream)?.positions.add(frame);
      return;
    }
    if (frame.t === 'error' && !id) this.options.onWarning('nestwire: server error', error);
    this.#pendingAuths.get(id)?.settle(error);
    this.#pendingAuths.delete(id);
    this.#streams.forEach((other) => other.received(frame, error, socket === this.#former && socket));
  }

  lost(socket: ClientSocket, code: number, reason: string): void {
    if (socket === this.#former) this.#closeFormer();
    else if (socket === this.#socket) this.#drop(code, reason);
    else {
      this.#next = undefined;
      this.#refused ||= code === UNAUTHENTICATED || code === CREDENTIAL_EXPIRED;
      this.#arm(this.#backoffMs(), this.#openNext);
    }
  }

  /** Resumes from the stored positions; after MAX_UNREADABLE times in a row reports a gap instead. */
  unreadable(socket: ClientSocket): void {
    // The current socket delivers the messages that the former one lost.
    if (socket !== this.#socket || !('resume' in this.hello())) return;
    if (this.options.clock.now() - this.#connectedAt > UNREADABLE_MS) this.#unreadable = 0;
    if (this.#unreadable++ < MAX_UNREADABLE) this.resync();
    else this.#streams.forEach((stream) => stream.missed());
  }

  /** Reconnects with all positions, so that the server compares them with its histories. */
  resync(): void {
    this.#drop(ABNORMAL, 'BEHIND');
  }

  #setStatus(status: ConnectionStatus): void {
    this.status = status;
    callListeners(this.listeners, this.options.onWarning);
  }

  #arm(delayMs: number, run: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.options.clock.after(delayMs, run);
  }

  /** Waits until the client is connected or closed. */
  #join(): Promise<void> {
    const decide = () => (this.welcome ? true : this.#unwatch ? undefined : closedError(this.status));
    return untilDecided(this.listeners, decide);
  }

  #try(): void {
    void this.#release(REPLACED);
    const socket = (this.#socket = new ClientSocket(this));
    this.#setStatus({ kind: 'connecting' });
    // A listener may have closed or restarted the client.
    if (socket === this.#socket) this.#open(socket);
  }

  #open(socket: ClientSocket): void {
    // The platform rejects the URL; another attempt would fail too.
    const opened = socket.open(credentialOf(this.options, this.#refused ? 'renew' : 'connect'));
    opened.catch((error) => this.#end(ABNORMAL, `${error}`));
  }

  readonly #openNext = (): void => this.#open((this.#next = new ClientSocket(this)));

  #closeNext(): void {
    this.#cancelTimer?.();
    void this.#next?.close(REPLACED);
    this.#next = undefined;
  }

  /** Closes the former socket once no stream and no call waits for an answer on it. */
  #closeFormerIfIdle(): void {
    const former = this.#former;
    if (!former || [...this.#streams.values()].some(({ isMoving }) => isMoving)) return;
    if (![...this.calls.values()].some(({ socket }) => socket === former)) this.#closeFormer();
  }

  #closeFormer(): void {
    if (this.#former) this.#checkCatchUpLater();
    const former = this.#former;
    void former?.close(REPLACED);
    this.#former = undefined;
    this.calls.forEach((call) => call.socket === former && call.lost());
    this.#streams.forEach((stream) => stream.left());
  }

  /** Reconnects if the current server has not caught up within CATCH_UP_MS; it then gets all positions. */
  #checkCatchUpLater(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = this.options.clock.after(CATCH_UP_MS, () => {
      if ([...this.#streams.values()].some(({ isBehind }) => isBehind)) this.resync();
    });
  }

  #accept(): void {
    // Called after the `welcome` of the current socket.
    const { user, connection } = this.welcome!;
    this.#refused = false;
    if (this.user !== undefined && this.user !== user) {
      // The former socket belongs to the former user.
      this.#closeFormer();
      this.#streams.forEach((stream) => stream.changed(user));
    }
    this.user = user;
    this.#streams.forEach((stream) => stream.connected());
    this.#setStatus({ kind: 'connected', user, connection });
    this.#scheduleNext();
  }

  /** Opens the next socket within the spread, if the server goes away. */
  #scheduleNext(): void {
    if (this.spreadMs !== undefined && !this.#next) this.#arm(this.#backoffMs(this.spreadMs), this.#openNext);
  }

  /** Closes all sockets; resolves when they are closed. */
  #release(code: number, reason?: string, lostCode?: number): Promise<unknown> {
    const sockets = [this.#socket, this.#next, this.#former];
    this.#socket = this.#next = this.#former = this.spreadMs = undefined;
    this.#cancelTimer?.();
    this.#cancelCheck?.();
    const closed = Promise.all(sockets.map(async (socket) => socket?.close(code)));
    // The next connection uses the new credential, so a pending `authenticate()` succeeds with it.
    this.#pendingAuths.forEach((answer) => answer.settle());
    this.#pendingAuths.clear();
    this.calls.forEach((call) => call.lost(reason, lostCode));
    this.#streams.forEach((stream) => stream.lost(reason, lostCode));
    return closed;
  }

  #backoffMs(spreadMs?: number): number {
    return spreadMs === undefined ? this.#backoff.next() : this.options.clock.random() * spreadMs;
  }

  /** Ends the current attempt or connection; its close code decides what follows. */
  #drop(code: number, reason: string): void {
    const { clock, healthyMs, auth } = this.options;
    const { welcome, spreadMs } = this;
    void this.#release(REPLACED, `${code} ${reason}`, code);
    const health = welcome ? (clock.now() - this.#connectedAt) / (healthyMs || 1) : 0;
    if (health >= 1) this.#renewed = false;
    this.#backoff.forget(health);
    this.#refused ||= code === UNAUTHENTICATED || code === CREDENTIAL_EXPIRED;
    if (this.#refused && auth && !this.#renewed) {
      this.#renewed = true;
      this.#try();
    } else if (shouldReconnect(code)) {
      const retryInMs = this.#backoffMs(spreadMs) + (code === RATE_LIMITED ? RATE_LIMITED_MS : 0);
      this.#arm(retryInMs, () => this.#try());
      this.#setStatus({ kind: 'waiting', retryAt: Date.now() + retryInMs, retryInMs, code, reason });
    } else void this.#end(code, reason);
  }

  /** Closes for good; resolves when the sockets are closed. */
  #end(code: number, reason: string): Promise<unknown> {
    const status = { kind: 'closed', code, reason } as const;
    const closed = this.#release(code, reason);
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#backoff.forget(1);
    this.#refused = this.#renewed = false;
    this.status = status;
    this.#streams.forEach((stream) => stream.ended(code === NORMAL ? undefined : closedError(status)));
    this.options.positions?.clear();
    this.#setStatus(status);
    return closed;
  }

  /** Retries or checks the connection at once, after a sleep or a change of network. */
  #wake(): void {
    const { status } = this;
    if (status.kind === 'waiting' && status.code !== RATE_LIMITED) this.#try();
    if (this.welcome) this.#connected.probe();
  }
}
