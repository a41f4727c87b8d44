import {
  PROTOCOL_VERSION,
  type FramePayload,
  type ServerFrame,
  type WelcomeFrame,
} from '@nestwire/protocol/codec';
import type { ResolvedOptions } from '../client-options.js';
import type { WebSocketLike } from '../transport/web-socket.js';
import { ABNORMAL, HEARTBEAT_LOST } from './close-codes.js';

/** What a line tells. */
export interface ClientSocketOwner {
  readonly options: ResolvedOptions;
  /** Returns what the server is told first: the client's name over its lines, and what it holds. */
  greeting(): object;
  encode(frame: object, line: ClientSocket): FramePayload;
  /** The server has welcomed the client. */
  welcomed(line: ClientSocket): void;
  received(line: ClientSocket, frame: ServerFrame): void;
  /** A frame came that cannot be read. */
  unreadable(line: ClientSocket): void;
  /** The line could not be made, or is lost; not told of one that was closed here. */
  broken(line: ClientSocket, code: number, reason: string): void;
}

/** One WebSocket, from the asking for a credential to its end. */
export class ClientSocket {
  declare socket?: WebSocketLike;
  /** What the server said in `welcome`. */
  declare welcome?: WelcomeFrame;
  readonly #owner: ClientSocketOwner;

  #cancel?: () => void;
  #cancelProbe?: () => void;
  #closed?: true;

  constructor(owner: ClientSocketOwner) {
    this.#owner = owner;
  }

  /**
   * Connects with a credential that is still to come.
   *
   * @throws {Error} when the platform does not take the address
   */
  async open(credential: Promise<string | null>): Promise<void> {
    const { options } = this.#owner;
    this.#arm(options.connectTimeoutMs, ABNORMAL, 'CONNECT_TIMEOUT');
    const token = await credential.catch((error) => this.#break(ABNORMAL, `auth: ${error}`));
    if (this.#closed) return;
    const { codec, url, webSocket } = options;
    const socket = new webSocket(url, codec.subprotocols);
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.say({ t: 'hello', v: PROTOCOL_VERSION, token, ...this.#owner.greeting() });
    socket.onmessage = ({ data }: { data: string }) => {
      try {
        if (this.welcome) this.#expect();
        this.#stopProbe();
        const frame = codec.decode(data) as ServerFrame;
        if (frame.t === 'ping') this.say({ t: 'pong' });
        if (this.welcome) this.#owner.received(this, frame);
        else if (frame.t === 'welcome') {
          this.welcome = frame;
          this.#expect();
          this.#owner.welcomed(this);
        }
      } catch {
        // It may have been a message: of a channel that resumes none may be missing.
        if (this.welcome) this.#owner.unreadable(this);
      }
    };
    // `close` follows, and says more.
    socket.onerror = () => {};
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => this.#break(code, reason);
  }

  /** Sends a frame; only once connected. */
  say(frame: object): void {
    this.socket!.send(this.#owner.encode(frame, this));
  }

  /**
   * Probes the line if nothing is heard soon.
   *
   * Else a message on a line that died in silence would reach its deadline before the loss is noticed.
   */
  awaits(): void {
    const { clock } = this.#owner.options;
    this.#cancelProbe ??= clock.after(this.welcome!.pongMs, () => this.probe());
  }

  /** Makes sure, at once, that the line still stands. */
  probe(): void {
    this.#stopProbe();
    this.say({ t: 'ping' });
    this.#expect(0);
  }

  /** Closes the line; resolves when its socket is closed. */
  close(code: number): Promise<unknown> | undefined {
    const socket = this.socket;
    this.#closed = true;
    this.#cancel?.();
    this.#stopProbe();
    return (
      socket &&
      new Promise((resolve) => {
        socket.onmessage = null;
        socket.onclose = resolve;
        socket.close(code);
      })
    );
  }

  /** Takes the line for lost when nothing is heard in time. */
  #expect(pingMs = this.welcome!.pingMs): void {
    this.#arm(pingMs + this.welcome!.pongMs, HEARTBEAT_LOST, 'silence');
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
    this.#owner.broken(this, code, reason);
  }
}
