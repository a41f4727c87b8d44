import {
  PROTOCOL_VERSION,
  type FramePayload,
  type ServerFrame,
  type WelcomeFrame,
} from '@nestwire/protocol/codec';
import type { ResolvedOptions } from '../client-options.js';
import type { WebSocketLike } from '../transport/web-socket.js';
import { ABNORMAL, HEARTBEAT_LOST } from './close-codes.js';

/** The callbacks of a socket to its connection. */
export interface ClientSocketOwner {
  readonly options: ResolvedOptions;
  /** Returns the fields of `hello`: the client id and the positions. */
  hello(): object;
  encode(frame: object, socket: ClientSocket): FramePayload;
  /** Called when the server has welcomed the client. */
  welcomed(socket: ClientSocket): void;
  received(socket: ClientSocket, frame: ServerFrame): void;
  /** Called for a frame that cannot be decoded. */
  unreadable(socket: ClientSocket): void;
  /** Called when the socket could not open or was lost; not after `close()`. */
  lost(socket: ClientSocket, code: number, reason: string): void;
}

/** One WebSocket, from the request for a credential to its end. */
export class ClientSocket {
  declare webSocket?: WebSocketLike;
  /** The server's `welcome`; undefined before it. */
  declare welcome?: WelcomeFrame;
  /** The size of the last frame of the server: bytes, or characters of text. */
  declare size: number;
  /** The requests of the server that are being answered, by id. */
  readonly requests = new Map<number, AbortController>();
  readonly #owner: ClientSocketOwner;

  #cancel?: () => void;
  #cancelProbe?: () => void;
  #closed?: true;

  constructor(owner: ClientSocketOwner) {
    this.#owner = owner;
  }

  /**
   * Connects once the credential is known.
   *
   * @throws {Error} when the platform rejects the URL
   */
  async open(credential: Promise<string | null>): Promise<void> {
    const { options } = this.#owner;
    this.#arm(options.connectTimeoutMs, ABNORMAL, 'CONNECT_TIMEOUT');
    const token = await credential.catch((error) => this.#break(ABNORMAL, `auth: ${error}`));
    if (this.#closed) return;
    const { codec, url, webSocket } = options;
    const socket = new webSocket(url, codec.subprotocols);
    this.webSocket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.sendFrame({ t: 'hello', v: PROTOCOL_VERSION, token, ...this.#owner.hello() });
    socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => {
      try {
        this.size = (data as string).length ?? (data as ArrayBuffer).byteLength;
        if (this.welcome) this.#armHeartbeat();
        this.#stopProbe();
        const frame = codec.decode(data) as ServerFrame;
        if (frame.t === 'ping') this.sendFrame({ t: 'pong' });
        if (this.welcome) this.#owner.received(this, frame);
        else if (frame.t === 'welcome') {
          this.welcome = frame;
          this.#armHeartbeat();
          this.#owner.welcomed(this);
        }
      } catch {
        // The frame may have been a message, and a recoverable channel must not lose one.
        if (this.welcome) this.#owner.unreadable(this);
      }
    };
    // A `close` event follows and contains the reason.
    socket.onerror = () => {};
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => this.#break(code, reason);
  }

  /** Sends a frame; only once connected. */
  sendFrame(frame: object): void {
    // Connected, so the WebSocket exists.
    this.webSocket!.send(this.#owner.encode(frame, this));
  }

  /**
   * Sends a ping if no frame arrives soon.
   *
   * Without it, a message on a silently lost connection would reach its deadline before the loss is noticed.
   */
  expectAnswer(): void {
    const { clock } = this.#owner.options;
    // Answers are awaited after `welcome` only.
    this.#cancelProbe ??= clock.after(this.welcome!.pongMs, () => this.probe());
  }

  /** Sends a ping at once, to check that the connection is alive. */
  probe(): void {
    this.#stopProbe();
    this.sendFrame({ t: 'ping' });
    this.#armHeartbeat(0);
  }

  /** Aborts the answer to a request of the server. */
  withdraw(request: number): void {
    this.requests.get(request)?.abort();
    this.requests.delete(request);
  }

  /** Closes the socket; resolves when it is closed. */
  close(code: number): Promise<unknown> | undefined {
    const socket = this.webSocket;
    this.#closed = true;
    this.#cancel?.();
    this.#stopProbe();
    this.requests.forEach((_, request) => this.withdraw(request));
    return (
      socket &&
      new Promise((resolve) => {
        socket.onmessage = null;
        socket.onclose = resolve;
        socket.close(code);
      })
    );
  }

  /** Treats the connection as lost when no frame arrives in time. */
  #armHeartbeat(pingMs?: number): void {
    // Called after `welcome` only.
    const welcome = this.welcome!;
    this.#arm((pingMs ?? welcome.pingMs) + welcome.pongMs, HEARTBEAT_LOST, 'silence');
  }

  #stopProbe(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
  }

  #arm(delayMs: number, code: number, reason: string): void {
    this.#cancel?.();
    this.#cancel = this.#owner.options.clock.after(delayMs, () => this.#break(code, reason));
  }

  #break(code: number, reason: string): undefined {
    if (this.#closed) return;
    void this.close(HEARTBEAT_LOST);
    this.#owner.lost(this, code, reason);
  }
}
