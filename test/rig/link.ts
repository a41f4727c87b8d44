import { once } from 'node:events';
import { Transform } from 'node:stream';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP link to a port that a test can freeze, cut, and lead elsewhere. */
export class Link {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** The port that new connections lead to. */
    public target: number,
  ) {
    server.on('connection', (near) => this.join(near, connect(this.target, '127.0.0.1')));
  }

  /** Starts a link to a port of this machine, on a free one. */
  static async to(target: number): Promise<Link> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Link(server, target);
  }

  /** How much later what a connection carries arrives; set before the connection is made. */
  delayMs = 0;

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Carries nothing more of what is connected now, and says so to nobody. */
  freeze(): void {
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  /** Carries nothing until `resume`, so that what is sent piles up. */
  pause(): void {
    for (const socket of this.sockets) socket.pause();
  }

  /** Carries again what has piled up. */
  resume(): void {
    for (const socket of this.sockets) socket.resume();
  }

  /** Ends what is connected now. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Ends the link. */
  close(): void {
    this.server.close();
    this.cut();
  }

  private join(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      if (this.delayMs) one.pipe(delaying(this.delayMs)).pipe(other);
      else one.pipe(other);
    }
  }
}

/** Passes on what it is given, in order and after a time. */
function delaying(delayMs: number): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      setTimeout(() => this.push(chunk), delayMs).unref();
      done();
    },
  });
}
