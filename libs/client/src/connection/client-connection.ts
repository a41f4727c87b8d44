import { CodedError, shouldReconnect, type WireError } from '@nestwire/protocol';
import type {
  ClosedFrame,
  ErrorFrame,
  FramePayload,
  OpenedFrame,
  ServerFrame,
} from '@nestwire/protocol/codec';
import { closedError, notConnectedError } from '../client-error.js';
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
import type { ConnectedStream } from './connected-stream.js';
import type { ConnectionStatus } from './connection-status.js';
import { credentialOf } from './credential.js';
import { ClientSocket, type ClientSocketOwner } from './client-socket.js';
import { Pending } from './pending.js';
import { untilDecided } from './until-decided.js';

type CreateStream = (endpoint: string, connection: ClientConnection) => ConnectedStream;

/** Keeps one connection to the server standing, and tells where it stands. */
export class ClientConnection implements ClientSocketOwner {
  status: ConnectionStatus = { kind: 'idle' };
  /** The time within which the server wants its clients back, once it said that it goes away. */
  declare spreadMs?: number;
  declare readonly options: ResolvedOptions;
  /** The client's name over its connections, unless the outbox has one. */
  client = randomId();
  /** The name that resume tokens of an anonymous client are bound to, where it is kept over a reload. */
  resumeName?: string;
  /** The user of the last connection; null for an anonymous one, undefined before the first. */
  declare user?: string | null;
  /** The id of the last frame that is answered. */
  lastId = 0;
  readonly listeners: Listeners = new Set();
  readonly #streams = new Map<string, ConnectedStream>();
  readonly #create: CreateStream;
  readonly #backoff: Backoff;
  /** What messages take, or what is being made while there is nothing else. */
  #line?: ClientSocket;
  /** What is being made while the server of the line goes away. */
  #next?: ClientSocket;
  /** What was left for the next, until the server has answered there. */
  #old?: ClientSocket;
  #cancel?: () => void;
  #cancelCheck?: () => void;
  #unwatch?: () => void;
  /** What waits for the answers to `auth`. */
  readonly #answers = new Map<unknown, Pending>();
  #connectedAt = 0;
  /** How often in a row a frame could not be read. */
  #unreadable = 0;
  #refused = false;
  #renewed = false;

  constructor(options: ResolvedOptions, create: CreateStream) {
    this.options = options;
    this.#create = create;
    this.#backoff = new Backoff(options);
  }

  /** What the server said in `welcome`; undefined while there is no connection. */
  get welcome() {
    return this.#line?.welcome;
  }

  /** Tells whether an `auth` waits for its answer: nobody knows yet as whom a message would go. */
  get isSigningIn(): boolean {
    return this.#answers.size > 0;
  }

  /** Returns the stream of an endpoint; makes it when it is new. */
  streamOf(endpoint: string): ConnectedStream {
    const stream = this.#streams.get(endpoint) ?? this.#create(endpoint, this);
    this.#streams.set(endpoint, stream);
    return stream;
  }

  /** Connects, or joins the attempt under way; resolves when the server has welcomed the client. */
  connect(): Promise<void> {
    if (this.#unwatch) this.#wake();
    else {
      this.#unwatch = onWakeUp(() => this.#wake());
      this.#try();
    }
    const joined = this.#join();
    // The status tells of a failure too, so nobody has to wait for it here.
    joined.catch(() => {});
    return joined;
  }

  /** Asks for a credential again and takes it to the server. */
  async authenticate(): Promise<void> {
    if (!this.#unwatch) throw notConnectedError();
    const line = this.#line;
    this.#renewed = false;
    if (line?.welcome) {
      // What is being made has the former credential.
      this.#cancel?.();
      void this.#next?.close(REPLACED);
      this.#next = undefined;
      const token = await credentialOf(this.options, 'authenticate');
      if (line === this.#line) {
        const answer = new Pending();
        answer.limit(this.options);
        this.#answers.set(this.ask({ t: 'auth', token }), answer);
        await answer.promise;
      }
    } else this.#try();
    return this.#join();
  }

  /** Resolves when no message waits for its answer any more, whatever the answers are. */
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

  /** Encodes a frame as the server of a line takes it; as one may that is still to be found. */
  encode(frame: object, line = this.#line): FramePayload {
    return this.options.codec.encode(frame, line?.socket?.protocol);
  }

  /** What takes encoded frames; only while connected. */
  get socket() {
    return this.#line!.socket!;
  }

  /** Sends a frame that is answered by another than `ack`; returns its id. */
  ask(frame: object): number {
    const id = this.nextId();
    this.#line!.say({ ...frame, id });
    this.awaits();
    return id;
  }

  /** Notices soon if the connection dies while an answer is awaited. */
  awaits(): void {
    this.#line!.awaits();
  }

  /** Returns the id for the next frame that is answered. */
  nextId(): number {
    return (this.lastId = (this.lastId % MAX_ID) + 1);
  }

  greeting(): object {
    const resume = [...this.#streams.values()].flatMap((stream) => stream.held.of(stream.name));
    const { client, user, resumeName } = this;
    const name = { client, ...(resumeName && { resumeName }) };
    return resume.length ? { ...name, resume, ...(user !== undefined && { resumeUser: user }) } : name;
  }

  welcomed(line: ClientSocket): void {
    this.#connectedAt = this.options.clock.now();
    if (line === this.#next) {
      this.#dropOld();
      this.#old = this.#line;
      this.#line = line;
      this.#next = this.spreadMs = undefined;
      this.#streams.forEach((stream) => stream.moved());
    }
    this.#accept();
    this.#settleOld();
  }

  received(line: ClientSocket, frame: ServerFrame): void {
    const { endpoint, id } = frame as OpenedFrame;
    const wire: WireError | undefined = (frame as ErrorFrame).error ?? (frame as ClosedFrame).reason;
    const error = wire && new CodedError(wire.code, wire.message, wire);
    if (line === this.#line) {
      if (frame.t === 'goaway') {
        this.spreadMs = frame.spreadMs > 0 ? Math.min(frame.spreadMs, MAX_SPREAD_MS) : 0;
        this.#leave();
      }
      if (frame.t === 'authenticated') {
        line.welcome = { ...line.welcome!, user: frame.user };
        this.#accept();
      }
      // The server opens some streams by itself.
      if (endpoint && this.#streams.size < MAX_ENDPOINTS) this.streamOf(endpoint);
      // What becomes of streams where the client left is nothing to it: opened, closed, subscribed.
    } else if (/ed$|position/.test(frame.t)) {
      // Save a new subscription: the next server learns of it by another `hello`.
      if (frame.t === 'subscribed' && line === this.#old) this.#streams.get(endpoint)?.held.placeNew(frame);
      return;
    }
    if (frame.t === 'error' && !id) this.options.onWarning('nestwire: server error', error);
    this.#answers.get(id)?.settle(error);
    this.#answers.delete(id);
    this.#streams.forEach((stream) => stream.received(frame, error, line === this.#old && line));
    this.#settleOld();
  }

  broken(line: ClientSocket, code: number, reason: string): void {
    if (line === this.#old) this.#dropOld();
    else if (line === this.#line) this.#drop(code, reason);
    else {
      this.#next = undefined;
      this.#refused ||= code === UNAUTHENTICATED || code === CREDENTIAL_EXPIRED;
      this.#arm(this.#backoffMs(), this.#makeNext);
    }
  }

  /** Resumes from the positions held; after a few times in a row says that something is missing. */
  unreadable(line: ClientSocket): void {
    // What is lost by a line that was left comes by the next one.
    if (line !== this.#line || !('resume' in this.greeting())) return;
    if (this.options.clock.now() - this.#connectedAt > UNREADABLE_MS) this.#unreadable = 0;
    if (this.#unreadable++ < MAX_UNREADABLE) this.doubt();
    else this.#streams.forEach((stream) => stream.missed());
  }

  /** Comes back with the positions in all channels, which the server compares with their histories. */
  doubt(): void {
    this.#drop(ABNORMAL, 'BEHIND');
  }

  #become(status: ConnectionStatus): void {
    this.status = status;
    callListeners(this.listeners, this.options.onWarning);
  }

  #arm(delayMs: number, run: () => void): void {
    this.#cancel?.();
    this.#cancel = this.options.clock.after(delayMs, run);
  }

  /** Waits for the connection that is being made, if it is not there. */
  #join(): Promise<void> {
    const decide = () => (this.welcome ? true : this.#unwatch ? undefined : closedError(this.status));
    return untilDecided(this.listeners, decide);
  }

  #try(): void {
    void this.#release(REPLACED);
    const line = (this.#line = new ClientSocket(this));
    this.#become({ kind: 'connecting' });
    // A listener may have thought otherwise.
    if (line === this.#line) this.#open(line);
  }

  #open(line: ClientSocket): void {
    // The platform does not take the address, and will not take it later.
    const opened = line.open(credentialOf(this.options, this.#refused ? 'renew' : 'connect'));
    opened.catch((error) => this.#end(ABNORMAL, `${error}`));
  }

  readonly #makeNext = (): void => this.#open((this.#next = new ClientSocket(this)));

  /** Leaves the former line for good, once nothing is awaited there. */
  #settleOld(): void {
    if (this.#old && ![...this.#streams.values()].some((stream) => stream.isMoving)) this.#dropOld();
  }

  #dropOld(): void {
    if (this.#old) this.#checkLater();
    void this.#old?.close(REPLACED);
    this.#old = undefined;
    this.#streams.forEach((stream) => stream.left());
  }

  /** Comes back to a server that does not catch up with the former one: only a new `hello` tells it how far that led. */
  #checkLater(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = this.options.clock.after(CATCH_UP_MS, () => {
      if ([...this.#streams.values()].some(({ isBehind }) => isBehind)) this.doubt();
    });
  }

  #accept(): void {
    const { user, connection } = this.welcome!;
    this.#refused = false;
    if (this.user !== undefined && this.user !== user) {
      // What the former line still brings is of the former user.
      this.#dropOld();
      this.#streams.forEach((stream) => stream.changed(user));
    }
    this.user = user;
    this.#streams.forEach((stream) => stream.connected());
    this.#become({ kind: 'connected', user, connection });
    this.#leave();
  }

  /** Makes the next line within the spread, if the server goes away. */
  #leave(): void {
    if (this.spreadMs !== undefined && !this.#next) this.#arm(this.#backoffMs(this.spreadMs), this.#makeNext);
  }

  /** Frees all lines; resolves when their sockets are closed. */
  #release(code: number, reason?: string): Promise<unknown> {
    const lines = [this.#line, this.#next, this.#old];
    this.#line = this.#next = this.#old = this.spreadMs = undefined;
    this.#cancel?.();
    this.#cancelCheck?.();
    const closed = Promise.all(lines.map(async (line) => line?.close(code)));
    // A connection that is lost meanwhile is made again with the new credential.
    this.#answers.forEach((answer) => answer.settle());
    this.#answers.clear();
    this.#streams.forEach((stream) => stream.lost(reason));
    return closed;
  }

  #backoffMs(spreadMs?: number): number {
    return spreadMs === undefined ? this.#backoff.next() : this.options.clock.random() * spreadMs;
  }

  /** Ends the present attempt or connection, and goes on as its close code says. */
  #drop(code: number, reason: string): void {
    const { clock, healthyMs, auth } = this.options;
    const { welcome, spreadMs } = this;
    void this.#release(REPLACED, `${code} ${reason}`);
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
      this.#become({ kind: 'waiting', retryAt: Date.now() + retryInMs, retryInMs, code, reason });
    } else void this.#end(code, reason);
  }

  /** Ends for good; resolves when the socket is closed. */
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
    this.#become(status);
    return closed;
  }

  /** Makes sure, at once, of what a sleep or a change of network may have made untrue. */
  #wake(): void {
    const { status } = this;
    if (status.kind === 'waiting' && status.code !== RATE_LIMITED) this.#try();
    if (this.welcome) this.#line!.probe();
  }
}
