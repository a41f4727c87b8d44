import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ClientFrame, ServerFrame } from '@nestwire/protocol/codec';
import { WebSocketServer, type WebSocket } from 'ws';

const DEADLINE_MS = 4_000;

/** A queue whose reader waits for the next item, up to a deadline. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #readers: Array<(item: T) => void> = [];

  constructor(private readonly what: string) {}

  get size(): number {
    return this.#items.length;
  }

  put(item: T): void {
    const reader = this.#readers.shift();
    if (reader) reader(item);
    else this.#items.push(item);
  }

  /** Takes the oldest item. */
  take(): Promise<T> {
    if (this.#items.length) return Promise.resolve(this.#items.shift()!);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${this.what} in time`)), DEADLINE_MS);
      this.#readers.push((item) => {
        clearTimeout(timer);
        resolve(item);
      });
    });
  }
}

/** The server's end of one connection, scripted by a test. */
export class Peer {
  readonly frames = new Inbox<ClientFrame>('frame of the client');
  readonly closed: Promise<number>;

  constructor(
    readonly socket: WebSocket,
    readonly url: string,
  ) {
    socket.on('message', (text) => this.frames.put(JSON.parse(String(text)) as ClientFrame));
    this.closed = once(socket, 'close').then(([code]) => code as number);
  }

  /** Takes the next frame, which must be of this type. */
  async next<T extends ClientFrame['t']>(t: T): Promise<Extract<ClientFrame, { t: T }>> {
    const frame = await this.frames.take();
    if (frame.t !== t) throw new Error(`expected ${t}, got ${JSON.stringify(frame)}`);
    return frame as Extract<ClientFrame, { t: T }>;
  }

  send(frame: ServerFrame): void {
    this.raw(JSON.stringify(frame));
  }

  raw(text: string): void {
    this.socket.send(text);
  }

  /** Takes the `hello` and answers with `welcome`. */
  async welcome(figures: object = {}): Promise<string | null | undefined> {
    const { token } = await this.next('hello');
    this.raw(JSON.stringify({ ...WELCOME, user: token ?? null, ...figures }));
    return token;
  }

  /** Takes an `open` and answers with `opened`. */
  async open(session = 's1'): Promise<string> {
    const { id, endpoint } = await this.next('open');
    this.send({ t: 'opened', id, stream: endpoint, session });
    return endpoint;
  }
}

export const WELCOME = {
  t: 'welcome',
  v: 1,
  connection: 'c1',
  user: null,
  pingMs: 25_000,
  pongMs: 10_000,
  maxPayloadBytes: 65_536,
  maxPendingMessages: 32,
};

/** A scripted server over real sockets. */
export class ScriptedServer {
  readonly peers = new Inbox<Peer>('connection');

  readonly port: number;

  private constructor(private readonly server: WebSocketServer) {
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket, { url = '' }) => this.peers.put(new Peer(socket, url)));
  }

  static async listen(port = 0): Promise<ScriptedServer> {
    const server = new WebSocketServer({ port, host: '127.0.0.1' });
    await once(server, 'listening');
    return new ScriptedServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/streams`;
  }

  /** Takes the next connection and answers its `hello`. */
  async welcome(figures?: object): Promise<Peer> {
    const peer = await this.peers.take();
    await peer.welcome(figures);
    return peer;
  }

  async close(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
