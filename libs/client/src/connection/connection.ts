import {
  PROTOCOL_VERSION,
  shouldReconnect,
  type CodedError,
  type OpenedFrame,
  type CloseCode,
  type ServerFrame,
  type WelcomeFrame,
} from '@nestwire/protocol';
import { clientError } from '../client-error.js';
import type { AuthRequest, ResolvedOptions } from '../client-options.js';
import { Listeners } from '../listeners.js';
import { closeSocket, openSocket } from '../transport/socket.js';
import { onWakeUp } from '../transport/wake-up.js';
import type { WebSocketLike } from '../transport/web-socket.js';
import { Answers, type Asked } from './answers.js';
import type { ConnectionStatus, ConnectionStatusListener } from './connection-status.js';
import { Pending } from './pending.js';

/** What a connection carries: the stream of one endpoint. */
export interface ConnectedStream {
  /** The server has welcomed the client, or accepted another user. */
  connected(): void;
  /** A frame came; of this stream, or of another. */
  received(frame: ServerFrame): void;
  /** The connection is gone; another attempt follows. */
  lost(reason: string): void;
  /** The connection is closed for good; by the server when there is an error. */
  ended(error?: CodedError): void;
}

// Literals that the compiler compares: the table of all codes would be in every bundle.
const UNAUTHENTICATED: typeof CloseCode.Unauthenticated = 4501;
const CREDENTIAL_EXPIRED: typeof CloseCode.CredentialExpired = 4005;
const RATE_LIMITED: typeof CloseCode.RateLimited = 4004;
const HEARTBEAT_LOST: typeof CloseCode.HeartbeatLost = 4002;
const NORMAL = 1000;
const ABNORMAL = 1006;
const RATE_LIMITED_MS = 5_000;
const MAX_SPREAD_MS = 60_000;
// More than any application has: a server cannot fill the memory with names of its own.
const MAX_ENDPOINTS = 1_000;

/** Keeps one connection to the server standing, and tells where it stands. */
export class Connection {
  status: ConnectionStatus = { kind: 'idle' };
  /** What the server said in `welcome`; undefined while there is no connection. */
  welcome?: WelcomeFrame;
  /** The time within which the server wants its clients back, once it said that it goes away. */
  spreadMs?: number;
  readonly #streams = new Map<string, ConnectedStream>();
  readonly listeners: Listeners<ConnectionStatusListener>;
  readonly answers = new Answers();
  #socket?: WebSocketLike;
  #cancel?: () => void;
  #welcomed?: Pending;
  #unwatch?: () => void;
  #attempt = 0;
  #failures = 0;
  #connectedAt = 0;
  #refused = false;
  #renewed = false;

  constructor(
    readonly options: ResolvedOptions,
    private readonly create: (endpoint: string, connection: Connection) => ConnectedStream,
  ) {
    this.listeners = new Listeners(options.onWarning);
  }

  /** Returns the stream of an endpoint; makes it when it is new. */
  streamOf(endpoint: string): ConnectedStream {
    const stream = this.#streams.get(endpoint) ?? this.create(endpoint, this);
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
    if (!this.#unwatch) throw clientError('NOT_CONNECTED', 'connect first');
    this.#renewed = false;
    if (this.welcome) {
      const attempt = this.#attempt;
      const token = await this.#credential('authenticate');
      if (attempt === this.#attempt) return this.#sendAuth(token);
    } else this.#try();
    return this.#join();
  }

  /** Closes for good; resolves when the socket is closed. */
  async close(): Promise<void> {
    const closed = this.#release(NORMAL);
    if (this.#unwatch) this.#end(NORMAL, 'closed by the client');
    await closed;
  }

  /** Sends a frame; only while connected. */
  send(frame: object): void {
    this.#socket!.send(JSON.stringify(frame));
  }

  /** Sends a frame that is answered, and notes what its answer settles. */
  ask(asked: Asked, textOf: (id: number) => string): void {
    this.#socket!.send(textOf(this.answers.expect(asked)));
  }

  #become(status: ConnectionStatus): void {
    this.status = status;
    this.listeners.call((run) => run(this.status));
  }

  #arm(delayMs: number, run: () => void): void {
    this.#cancel?.();
    this.#cancel = this.options.clock.after(delayMs, run);
  }

  /** Waits for the connection that is being made, if it is not there. */
  async #join(): Promise<void> {
    if (!this.#unwatch) throw closedError(this.status);
    if (!this.welcome) await (this.#welcomed ??= new Pending()).promise;
  }

  async #credential(reason: AuthRequest['reason']): Promise<string | null> {
    return (await this.options.auth?.({ reason })) ?? null;
  }

  #try(): void {
    void this.#release(NORMAL);
    const attempt = this.#attempt;
    this.#arm(this.options.connectTimeoutMs, () => this.#drop(ABNORMAL, 'CONNECT_TIMEOUT'));
    this.#become({ kind: 'connecting' });
    this.#credential(this.#refused ? 'renew' : 'connect').then(
      (token) => attempt === this.#attempt && this.#open(token),
      (error) => attempt === this.#attempt && this.#drop(ABNORMAL, `auth: ${error}`),
    );
  }

  #open(token: string | null): void {
    const { webSocket, url } = this.options;
    try {
      this.#socket = openSocket(webSocket, url, {
        opened: () => this.send({ t: 'hello', v: PROTOCOL_VERSION, token }),
        received: (text) => this.#receive(text),
        ended: (code, reason) => {
          this.#socket = undefined;
          this.#drop(code, reason);
        },
      });
    } catch (error) {
      // The platform does not take the address, and will not take it later.
      this.#end(ABNORMAL, `${error}`, 'by-server');
    }
  }

  #receive(text: string): void {
    try {
      if (this.welcome) this.#expect();
      this.#handle(JSON.parse(text) as ServerFrame);
    } catch {
      // What is not a frame is ignored, as a frame of an unknown type is.
    }
  }

  /** Takes the connection for lost when nothing is heard in time. */
  #expect({ pingMs, pongMs } = this.welcome!): void {
    this.#arm(pingMs + pongMs, () => this.#drop(HEARTBEAT_LOST, 'the server is silent'));
  }

  #handle(frame: ServerFrame): void {
    const { welcome } = this;
    if (frame.t === 'ping') this.send({ t: 'pong' });
    if (!welcome) return frame.t === 'welcome' ? this.#accept(frame) : undefined;
    if (frame.t === 'goaway') this.spreadMs = Math.max(0, Math.min(frame.spreadMs, MAX_SPREAD_MS)) || 0;
    else if (frame.t === 'authenticated') this.#accept({ ...welcome, user: frame.user });
    else if (/^(opened|message|subscribed)$/.test(frame.t) && this.#streams.size < MAX_ENDPOINTS)
      this.streamOf((frame as OpenedFrame).endpoint);
    if (frame.t === 'error' && !frame.id) this.options.onWarning('nestwire: the server failed', frame.error);
    this.answers.received(frame);
    this.#streams.forEach((stream) => stream.received(frame));
  }

  #accept(welcome: WelcomeFrame): void {
    const { user, connection } = welcome;
    if (!this.welcome) this.#connectedAt = this.options.clock.now();
    this.welcome = welcome;
    this.#refused = false;
    this.#expect();
    this.status = { kind: 'connected', user, connection };
    this.#streams.forEach((stream) => stream.connected());
    this.#welcomed?.settle();
    this.#welcomed = undefined;
    this.#become(this.status);
  }

  async #sendAuth(token: string | null): Promise<void> {
    const answer = new Pending();
    const { clock, timeoutMs } = this.options;
    answer.limit({ timeoutMs }, clock, () => clientError('ANSWER_TIMEOUT', 'authenticate()'));
    this.ask(answer, (id) => JSON.stringify({ t: 'auth', id, token }));
    try {
      await answer.promise;
    } catch (error) {
      if ((error as CodedError).code !== 'UNCERTAIN') throw error;
      await this.#join();
    }
  }

  /** Frees what belongs to the present attempt; resolves when its socket is closed. */
  #release(code: number): Promise<void> | undefined {
    const socket = this.#socket;
    this.#attempt++;
    this.#socket = this.welcome = this.spreadMs = undefined;
    this.#cancel?.();
    return socket && closeSocket(socket, code);
  }

  /** Ends the present attempt or connection, and goes on as its close code says. */
  #drop(code: number, reason: string): void {
    const { clock, healthyMs, auth } = this.options;
    const { welcome, spreadMs } = this;
    void this.#release(HEARTBEAT_LOST);
    if (welcome) {
      if (clock.now() - this.#connectedAt >= healthyMs) {
        this.#failures = 0;
        this.#renewed = false;
      }
      this.#lose(`${code} ${reason}`);
    }
    this.#refused ||= code === UNAUTHENTICATED || code === CREDENTIAL_EXPIRED;
    if (this.#refused && auth && !this.#renewed) {
      this.#renewed = true;
      this.#try();
    } else if (code === UNAUTHENTICATED || !shouldReconnect(code)) this.#end(code, reason, 'by-server');
    else this.#wait(code, reason, spreadMs);
  }

  #lose(reason: string): void {
    this.#streams.forEach((stream) => stream.lost(reason));
    this.answers.forsake(reason);
  }

  #wait(code: number, reason: string, spreadMs?: number): void {
    const { clock, minRetryMs, maxRetryMs } = this.options;
    const boundMs = spreadMs ?? Math.min(maxRetryMs, minRetryMs * 2 ** this.#failures++);
    const retryInMs = clock.random() * boundMs + (code === RATE_LIMITED ? RATE_LIMITED_MS : 0);
    this.#arm(retryInMs, () => this.#try());
    this.#become({ kind: 'waiting', retryAt: Date.now() + retryInMs, retryInMs, code, reason });
  }

  #end(code: number, reason: string, by?: 'by-server'): void {
    const welcomed = this.#welcomed;
    this.#unwatch?.();
    this.#unwatch = this.#welcomed = undefined;
    this.#failures = 0;
    this.#refused = this.#renewed = false;
    this.status = { kind: 'closed', code, reason };
    this.#lose('closed');
    this.#streams.forEach((stream) => stream.ended(by && closedError(this.status)));
    welcomed?.settle(closedError(this.status));
    this.#become(this.status);
  }

  /** Makes sure, at once, of what a sleep or a change of network may have made untrue. */
  #wake(): void {
    const { status, welcome } = this;
    if (status.kind === 'waiting' && status.code !== RATE_LIMITED) this.#try();
    if (welcome) {
      this.send({ t: 'ping' });
      this.#expect({ ...welcome, pingMs: 0 });
    }
  }
}

/** Makes the error of a call that finds the client closed. */
export function closedError(status: ConnectionStatus): CodedError {
  return clientError('CLIENT_CLOSED', JSON.stringify(status));
}
