import {
  CodedError,
  PROTOCOL_VERSION,
  shouldReconnect,
  type ClosedFrame,
  type ErrorFrame,
  type FramePayload,
  type OpenedFrame,
  type ServerFrame,
  type WelcomeFrame,
  type WireError,
} from '@nestwire/protocol';
import { clientError } from '../client-error.js';
import type { AuthRequest, ResolvedOptions } from '../client-options.js';
import { MAX_ENDPOINTS, MAX_ID, MAX_SPREAD_MS, RATE_LIMITED_MS } from '../limits.js';
import { addListener, callListeners, type Listeners } from '../listeners.js';
import { randomId } from '../transport/random-id.js';
import { onWakeUp } from '../transport/wake-up.js';
import type { WebSocketLike } from '../transport/web-socket.js';
import {
  ABNORMAL,
  CREDENTIAL_EXPIRED,
  HEARTBEAT_LOST,
  NORMAL,
  RATE_LIMITED,
  UNAUTHENTICATED,
} from './close-codes.js';
import type { ConnectedStream } from './connected-stream.js';
import type { ConnectionStatus } from './connection-status.js';
import { Pending } from './pending.js';

/** What the answer to a frame settles; called without an error when the connection is lost. */
type Settle = (error?: CodedError) => void;

/** Keeps one connection to the server standing, and tells where it stands. */
export class Connection {
  status: ConnectionStatus = { kind: 'idle' };
  /** What the server said in `welcome`; undefined while there is no connection. */
  declare welcome?: WelcomeFrame;
  /** The time within which the server wants its clients back, once it said that it goes away. */
  declare spreadMs?: number;
  declare readonly options: ResolvedOptions;
  readonly listeners: Listeners = new Set();
  readonly #streams = new Map<string, ConnectedStream>();
  readonly #asked = new Map<unknown, Settle>();
  /** Names the client over its connections, so that a message has one id wherever it is sent. */
  readonly #client = randomId();
  readonly #create: (endpoint: string, connection: Connection) => ConnectedStream;
  #socket?: WebSocketLike;
  #cancel?: () => void;
  #unwatch?: () => void;
  #lastId = 0;
  #attempt = 0;
  #failures = 0;
  #connectedAt = 0;
  #refused = false;
  #renewed = false;

  constructor(
    options: ResolvedOptions,
    create: (endpoint: string, connection: Connection) => ConnectedStream,
  ) {
    this.options = options;
    this.#create = create;
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
      void this.#try();
    }
    const joined = this.#join();
    // The status tells of a failure too, so nobody has to wait for it here.
    joined.catch(() => {});
    return joined;
  }

  /** Asks for a credential again and takes it to the server. */
  async authenticate(): Promise<void> {
    if (!this.#unwatch) throw clientError('NOT_CONNECTED');
    this.#renewed = false;
    if (this.welcome) {
      const attempt = this.#attempt;
      const token = await this.#credential('authenticate');
      if (attempt === this.#attempt) {
        const answer = new Pending();
        answer.limit(this.options);
        this.ask({ t: 'auth', token }, answer.settle);
        await answer.promise;
      }
    } else void this.#try();
    // A connection that was lost meanwhile is made again with the new credential.
    return this.#join();
  }

  /** Closes for good; resolves when the socket is closed. */
  async close(): Promise<void> {
    if (this.#unwatch) await this.#end(NORMAL, 'closed by the client');
  }

  /** Encodes a frame as the server takes it; as one may that is still to be found. */
  encode(frame: object): FramePayload {
    return this.options.codec.encode(frame, this.#socket?.protocol);
  }

  /** Sends an encoded frame; only while connected. */
  send(payload: FramePayload): void {
    this.#socket!.send(payload);
  }

  /** Sends a frame that is answered by another than `ack`. */
  ask(frame: object, settle: Settle): void {
    const id = this.nextId();
    this.#asked.set(id, settle);
    this.#say({ ...frame, id });
  }

  /** Returns the id for the next frame that is answered. */
  nextId(): number {
    return (this.#lastId = (this.#lastId % MAX_ID) + 1);
  }

  #say(frame: object): void {
    this.send(this.encode(frame));
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
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.#unwatch && !this.welcome) return;
        stop();
        if (this.welcome) resolve();
        else reject(closedError(this.status));
      };
      const stop = addListener(this.listeners, look);
      look();
    });
  }

  async #credential(reason: AuthRequest['reason']): Promise<string | null> {
    return (await this.options.auth?.({ reason })) ?? null;
  }

  async #try(): Promise<void> {
    void this.#release(NORMAL);
    const attempt = this.#attempt;
    this.#arm(this.options.connectTimeoutMs, () => this.#drop(ABNORMAL, 'CONNECT_TIMEOUT'));
    this.#become({ kind: 'connecting' });
    const token = await this.#credential(this.#refused ? 'renew' : 'connect').catch(
      (error) => attempt === this.#attempt && this.#drop(ABNORMAL, `auth: ${error}`),
    );
    // Another attempt, or the end, has come first.
    if (attempt !== this.#attempt) return;
    try {
      const { codec, url, webSocket } = this.options;
      const socket = new webSocket(url, codec.subprotocols);
      this.#socket = socket;
      socket.binaryType = 'arraybuffer';
      socket.onopen = () => {
        const held = [...this.#streams.values()].flatMap((stream) => stream.held());
        this.#say({
          t: 'hello',
          v: PROTOCOL_VERSION,
          token,
          client: this.#client,
          ...(held.length && { held }),
        });
      };
      socket.onmessage = ({ data }: { data: string }) => {
        try {
          if (this.welcome) this.#expect();
          this.#handle(codec.decode(data) as ServerFrame);
        } catch {
          // What is not a frame is ignored, as a frame of an unknown type is.
        }
      };
      // `close` follows, and says more.
      socket.onerror = () => {};
      socket.onclose = ({ code, reason }: { code: number; reason: string }) => this.#drop(code, reason);
    } catch (error) {
      // The platform does not take the address, and will not take it later.
      void this.#end(ABNORMAL, `${error}`);
    }
  }

  /** Takes the connection for lost when nothing is heard in time. */
  #expect(pingMs = this.welcome!.pingMs): void {
    this.#arm(pingMs + this.welcome!.pongMs, () => this.#drop(HEARTBEAT_LOST, 'silence'));
  }

  #handle(frame: ServerFrame): void {
    const { welcome } = this;
    const { endpoint, id } = frame as OpenedFrame;
    if (frame.t === 'ping') this.#say({ t: 'pong' });
    if (!welcome) return frame.t === 'welcome' ? this.#accept(frame) : undefined;
    if (frame.t === 'goaway')
      this.spreadMs = frame.spreadMs > 0 ? Math.min(frame.spreadMs, MAX_SPREAD_MS) : 0;
    if (frame.t === 'authenticated') this.#accept({ ...welcome, user: frame.user });
    // The server opens some streams by itself.
    if (endpoint && this.#streams.size < MAX_ENDPOINTS) this.streamOf(endpoint);
    const wire: WireError | undefined = (frame as ErrorFrame).error ?? (frame as ClosedFrame).reason;
    const error = wire && new CodedError(wire.code, wire.message, wire);
    if (frame.t === 'error' && !id) this.options.onWarning('nestwire: server error', error);
    this.#asked.get(id)?.(error);
    this.#asked.delete(id);
    this.#streams.forEach((stream) => stream.received(frame, error));
  }

  #accept(welcome: WelcomeFrame): void {
    const { user, connection } = welcome;
    if (!this.welcome) this.#connectedAt = this.options.clock.now();
    this.welcome = welcome;
    this.#refused = false;
    this.#expect();
    this.#streams.forEach((stream) => stream.connected());
    this.#become({ kind: 'connected', user, connection });
  }

  /** Frees what belongs to the present attempt; resolves when its socket is closed. */
  #release(code: number, reason?: string): Promise<unknown> | undefined {
    const socket = this.#socket;
    this.#attempt++;
    this.#socket = this.welcome = this.spreadMs = undefined;
    this.#cancel?.();
    this.#asked.forEach((settle) => settle());
    this.#asked.clear();
    this.#streams.forEach((stream) => stream.lost(reason));
    return (
      socket &&
      new Promise((resolve) => {
        socket.onmessage = null;
        socket.onclose = resolve;
        socket.close(code);
      })
    );
  }

  /** Ends the present attempt or connection, and goes on as its close code says. */
  #drop(code: number, reason: string): void {
    const { clock, healthyMs, auth, minRetryMs, maxRetryMs } = this.options;
    const { welcome, spreadMs } = this;
    void this.#release(HEARTBEAT_LOST, `${code} ${reason}`);
    if (welcome && clock.now() - this.#connectedAt >= healthyMs) {
      this.#failures = 0;
      this.#renewed = false;
    }
    this.#refused ||= code === UNAUTHENTICATED || code === CREDENTIAL_EXPIRED;
    if (this.#refused && auth && !this.#renewed) {
      this.#renewed = true;
      void this.#try();
    } else if (shouldReconnect(code)) {
      const boundMs = spreadMs ?? Math.min(maxRetryMs, minRetryMs * 2 ** this.#failures++);
      const retryInMs = clock.random() * boundMs + (code === RATE_LIMITED ? RATE_LIMITED_MS : 0);
      this.#arm(retryInMs, () => void this.#try());
      this.#become({ kind: 'waiting', retryAt: Date.now() + retryInMs, retryInMs, code, reason });
    } else void this.#end(code, reason);
  }

  /** Ends for good; resolves when the socket is closed. */
  #end(code: number, reason: string): Promise<unknown> | undefined {
    const status = { kind: 'closed', code, reason } as const;
    const closed = this.#release(code, reason);
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#failures = 0;
    this.#refused = this.#renewed = false;
    this.status = status;
    this.#streams.forEach((stream) => stream.ended(code === NORMAL ? undefined : closedError(status)));
    this.#become(status);
    return closed;
  }

  /** Makes sure, at once, of what a sleep or a change of network may have made untrue. */
  #wake(): void {
    const { status } = this;
    if (status.kind === 'waiting' && status.code !== RATE_LIMITED) void this.#try();
    if (this.welcome) {
      this.#say({ t: 'ping' });
      this.#expect(0);
    }
  }
}

/** Makes the error of a call that finds the client closed. */
export function closedError(status: ConnectionStatus): CodedError {
  return clientError('CLIENT_CLOSED', JSON.stringify(status));
}
