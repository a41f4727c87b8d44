import { PROTOCOL_VERSION, shouldReconnect, type CloseCode, type ServerFrame } from '@nestwire/protocol';
import { clientError } from '../client-error.js';
import type { AuthRequest, ResolvedOptions } from '../client-options.js';
import { Socket } from '../transport/socket.js';
import { onWakeUp } from '../transport/wake-up.js';
import type { ConnectionStatus, ConnectionStatusListener } from './connection-status.js';
import { Deferred } from './deferred.js';
import { Heartbeat } from './heartbeat.js';
import { retryDelay } from './retry-delay.js';
import { SignIn } from './sign-in.js';
import { readWelcome, userOf, type Welcome } from './welcome.js';

/** What a connection reports to the streams on it. */
export interface ConnectionEvents {
  connected(): void;
  /** The connection belongs to another user now. */
  authenticated(): void;
  received(frame: ServerFrame): void;
  /** The connection is gone; another attempt follows. */
  lost(reason: string): void;
  /** The connection is closed for good; by the server when there is a reason. */
  closed(reason?: string): void;
}

// Literals that the compiler compares: the table of all codes would be in every bundle.
const UNAUTHENTICATED: typeof CloseCode.Unauthenticated = 4501;
const CREDENTIAL_EXPIRED: typeof CloseCode.CredentialExpired = 4005;
const RATE_LIMITED: typeof CloseCode.RateLimited = 4004;
const HEARTBEAT_LOST: typeof CloseCode.HeartbeatLost = 4002;
const NORMAL = 1000;
const ABNORMAL = 1006;
const MAX_SPREAD_MS = 60_000;

/** Keeps one connection to the server standing, and tells where it stands. */
export class Connection {
  status: ConnectionStatus = { kind: 'idle' };
  /** What the server said in `welcome`; undefined while there is no connection. */
  welcome?: Welcome;
  /** The time within which the server wants its clients to come back, once it goes away. */
  spreadMs?: number;
  events!: ConnectionEvents;
  readonly #listeners = new Set<{ run: ConnectionStatusListener }>();
  readonly #heartbeat: Heartbeat;
  readonly #signIn = new SignIn();
  readonly #warned = new Set<string>();
  #socket?: Socket;
  #timer: unknown;
  #opening?: Deferred;
  #unwatch?: () => void;
  #attempt = 0;
  #lastId = 0;
  #failures = 0;
  #connectedAt = 0;
  #refused = false;
  #renewed = false;

  constructor(readonly options: ResolvedOptions) {
    this.#heartbeat = new Heartbeat(options.clock, () => this.#drop(HEARTBEAT_LOST, 'The server is silent.'));
  }

  /** Connects, or joins the attempt under way; resolves when the server has welcomed the client. */
  connect(): Promise<void> {
    const { kind } = this.status;
    if (kind === 'connected') return Promise.resolve();
    const promise = this.#welcomed();
    if (kind === 'idle' || kind === 'closed') {
      this.#unwatch = onWakeUp(() => this.#wake());
      void this.#try();
    } else this.#wake();
    return promise;
  }

  /** Asks for a credential again and takes it to the server. */
  async authenticate(): Promise<void> {
    const { kind } = this.status;
    if (kind === 'idle' || kind === 'closed')
      throw clientError('NOT_CONNECTED', 'There is no connection to authenticate: connect first.');
    this.#renewed = false;
    const attempt = this.#attempt;
    if (kind === 'connected') {
      const token = await this.#credential('authenticate');
      if (this.#attempt === attempt) return this.#sendAuth(token);
    } else void this.#try();
    return this.#welcomed();
  }

  /** Closes for good; resolves when the socket is closed. */
  async close(): Promise<void> {
    const { kind } = this.status;
    if (kind === 'idle' || kind === 'closed') return;
    const closed = this.#release()?.close(NORMAL);
    this.#finish(NORMAL, 'closed by the client');
    await closed;
  }

  addStatusListener(run: ConnectionStatusListener): () => void {
    const listener = { run };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Sends a frame; only while connected. */
  send(text: string): void {
    this.#socket!.send(text);
  }

  /** Returns the next id for a frame, from 1 up to 2147483647. */
  nextId(): number {
    return (this.#lastId = (this.#lastId % 2_147_483_647) + 1);
  }

  /** Warns of something for the first time, and is silent from then on. */
  warnOnce(text: string, cause?: unknown): void {
    if (!this.#warned.has(text)) this.options.onWarning(`nestwire: ${text}`, cause);
    this.#warned.add(text);
  }

  /** Calls a listener of the user; what it throws becomes a warning. */
  call<T extends unknown[]>(run: (...args: T) => void, ...args: T): void {
    try {
      run(...args);
    } catch (error) {
      this.options.onWarning('nestwire: A listener threw.', error);
    }
  }

  #become(status: ConnectionStatus): void {
    this.status = status;
    for (const { run } of [...this.#listeners]) if (this.status === status) this.call(run, status);
  }

  /** Returns the promise of the next `welcome`. Its failure is in the status too, so it may be ignored. */
  #welcomed(): Promise<void> {
    if (!this.#opening) (this.#opening = new Deferred()).promise.catch(() => {});
    return this.#opening.promise;
  }

  async #credential(reason: AuthRequest['reason']): Promise<string | null> {
    return (await this.options.auth?.({ reason })) ?? null;
  }

  async #try(): Promise<void> {
    void this.#release()?.close(NORMAL);
    const { clock, connectTimeoutMs } = this.options;
    const attempt = this.#attempt;
    this.#timer = clock.setTimeout(
      () => this.#drop(ABNORMAL, `CONNECT_TIMEOUT: no welcome within ${connectTimeoutMs} ms`),
      connectTimeoutMs,
    );
    this.#become({ kind: 'connecting' });
    try {
      const token = await this.#credential(this.#refused ? 'renew' : 'connect');
      if (this.#attempt === attempt) this.#open(token);
    } catch (error) {
      if (this.#attempt === attempt) this.#ended(ABNORMAL, `auth() failed: ${error}`);
    }
  }

  #open(token: string | null): void {
    const { webSocket, url } = this.options;
    try {
      this.#socket = new Socket(webSocket, url, {
        opened: () => this.send(JSON.stringify({ t: 'hello', v: PROTOCOL_VERSION, token })),
        received: (text) => this.#receive(text),
        ended: (code, reason) => {
          this.#socket = undefined;
          this.#ended(code, reason);
        },
      });
    } catch (error) {
      // The platform does not take the address, and will not take it later.
      this.#release();
      this.#finish(ABNORMAL, `${error}`, `${error}`);
    }
  }

  #receive(text: string): void {
    this.#heartbeat.heard();
    try {
      this.#handle(JSON.parse(text) as ServerFrame);
    } catch (error) {
      this.warnOnce('A frame of the server is not valid.', error);
    }
  }

  #handle(frame: ServerFrame): void {
    if (frame.t === 'ping') return this.send('{"t":"pong"}');
    if (!this.welcome) {
      if (frame.t === 'welcome') this.#welcomeBy(readWelcome(frame));
    } else if (frame.t === 'goaway') {
      const spreadMs = Number(frame.spreadMs);
      this.spreadMs = spreadMs > 0 ? Math.min(spreadMs, MAX_SPREAD_MS) : 0;
    } else if (frame.t === 'authenticated') {
      this.#become({ kind: 'connected', user: userOf(frame), connection: this.welcome.connection });
      this.events.authenticated();
      this.#signIn.answer(frame.id);
    } else if (frame.t !== 'error' || !this.#signIn.refuse(frame)) this.events.received(frame);
  }

  #welcomeBy(welcome: Welcome): void {
    const { clock } = this.options;
    clock.clearTimeout(this.#timer);
    this.welcome = welcome;
    this.#refused = false;
    this.#connectedAt = clock.now();
    this.#heartbeat.watch(welcome.silenceMs);
    const { user, connection } = welcome;
    this.status = { kind: 'connected', user, connection };
    this.events.connected();
    this.#opening?.resolve();
    this.#opening = undefined;
    this.#become(this.status);
  }

  async #sendAuth(token: string | null): Promise<void> {
    const id = this.nextId();
    const answer = this.#signIn.expect(id, this.options);
    this.send(JSON.stringify({ t: 'auth', id, token }));
    return answer;
  }

  /** Frees what belongs to the present attempt; returns its socket, if it is still there. */
  #release(): Socket | undefined {
    const socket = this.#socket;
    this.#attempt++;
    this.#socket = this.welcome = this.spreadMs = undefined;
    this.options.clock.clearTimeout(this.#timer);
    this.#heartbeat.stop();
    return socket;
  }

  #drop(code: number, reason: string): void {
    void this.#socket?.close(HEARTBEAT_LOST);
    this.#ended(code, reason);
  }

  #ended(code: number, reason: string): void {
    const { clock, healthyMs, auth } = this.options;
    const { welcome, spreadMs } = this;
    this.#release();
    if (welcome) {
      if (clock.now() - this.#connectedAt >= healthyMs) {
        this.#failures = 0;
        this.#renewed = false;
      }
      this.#signIn.follow(this.#welcomed());
      this.events.lost(`${code} ${reason}`);
    }
    this.#refused ||= code === UNAUTHENTICATED || code === CREDENTIAL_EXPIRED;
    if (this.#refused && auth && !this.#renewed) {
      this.#renewed = true;
      void this.#try();
    } else if (code === UNAUTHENTICATED || !shouldReconnect(code))
      this.#finish(code, reason, `${code} ${reason}`);
    else this.#wait(code, reason, retryDelay(code, this.#failures++, spreadMs, this.options));
  }

  #wait(code: number, reason: string, retryInMs: number): void {
    this.#timer = this.options.clock.setTimeout(() => void this.#try(), retryInMs);
    this.#become({ kind: 'waiting', retryAt: Date.now() + retryInMs, retryInMs, code, reason });
  }

  #finish(code: number, reason: string, cause?: string): void {
    this.#unwatch?.();
    this.#failures = 0;
    this.#refused = this.#renewed = false;
    const opening = this.#opening;
    this.#opening = undefined;
    this.status = { kind: 'closed', code, reason };
    this.events.closed(cause);
    opening?.reject(clientError('CLIENT_CLOSED', `The connection is closed: ${code} ${reason}.`));
    this.#become(this.status);
  }

  /** Makes sure, at once, of what a sleep or a change of network may have made untrue. */
  #wake(): void {
    const { status, welcome } = this;
    if (status.kind === 'waiting' && status.code !== RATE_LIMITED) void this.#try();
    if (welcome) {
      this.send('{"t":"ping"}');
      this.#heartbeat.expect(welcome.pongMs, welcome.silenceMs);
    }
  }
}
