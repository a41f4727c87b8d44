import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  subscribed: boolean;
  starved: boolean;
}

/** Stands between a process and Redis, and can keep from it what it subscribed to. */
export class TcpProxy {
  readonly #server: Server;
  readonly #links = new Set<Link>();

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#accept(client, connect(targetPort, '127.0.0.1')));
  }

  /** Starts a proxy to a port of this machine. */
  static async to(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections stand. */
  get connections(): number {
    return this.#links.size;
  }

  /** From now on gives nothing more to the connections that have subscribed; they stay open. */
  starve(): void {
    for (const link of this.#links) link.starved = link.subscribed;
  }

  /** From now on gives no reply to any connection that stands; what they send goes through. */
  loseReplies(): void {
    for (const link of this.#links) link.starved = true;
  }

  /** Ends all connections that stand; new ones are taken. */
  cut(): void {
    for (const { client, upstream } of this.#links) [client, upstream].forEach((socket) => socket.destroy());
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket, upstream: Socket): void {
    const link: Link = { client, upstream, subscribed: false, starved: false };
    this.#links.add(link);
    client.on('data', (data) => {
      link.subscribed ||= data.includes('\r\nsubscribe\r\n');
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!link.starved) client.write(data);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#links.delete(link);
        other.destroy();
      });
    }
  }
}
