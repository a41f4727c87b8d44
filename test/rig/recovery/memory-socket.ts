import type { Server } from 'node:http';
import { Duplex } from 'node:stream';

const BUFFER_BYTES = 512;

/** How much was carried by all sockets; stands still while nothing happens. */
export const carried = { chunks: 0 };

interface Chunk {
  readonly data: Buffer;
  readonly done: () => void;
}

/** One end of a connection in memory, which takes a chunk when the other end has taken the one before. */
class End extends Duplex {
  peer: End | undefined;
  /** Takes nothing that comes, so that it piles up where it comes from. */
  isHeld = false;
  /** Its end is told to nobody. */
  isSilent = false;
  #leaving: Chunk | undefined;

  constructor() {
    super({ readableHighWaterMark: BUFFER_BYTES, writableHighWaterMark: BUFFER_BYTES });
    this.on('error', () => undefined);
  }

  /** Carries what waits to the other end. */
  carry(): void {
    const chunk = this.#leaving;
    if (!chunk || this.peer?.isHeld) return;
    this.#leaving = undefined;
    carried.chunks++;
    process.nextTick(() => {
      if (!this.peer?.destroyed) this.peer?.push(chunk.data);
      chunk.done();
    });
  }

  override _read(): void {
    // Data is pushed when it arrives.
  }

  override _write(data: Buffer, _encoding: string, done: () => void): void {
    this.#leaving = { data, done };
    this.carry();
  }

  override _final(done: () => void): void {
    process.nextTick(() => this.peer?.destroyed || this.peer?.push(null));
    done();
  }

  override _destroy(_error: Error | null, done: (error: Error | null) => void): void {
    if (!this.isSilent) process.nextTick(() => this.peer?.destroy());
    carried.chunks++;
    done(null);
  }
}

/** A connection in memory to an HTTP server, as a socket that a test can hold and cut. */
export class MemorySocket {
  readonly #near = new End();
  readonly #far = new End();

  constructor(server: Server | undefined) {
    this.#near.peer = this.#far;
    this.#far.peer = this.#near;
    if (server) server.emit('connection', this.#far);
    else process.nextTick(() => this.cut());
  }

  /** The stream of the client. */
  get stream(): Duplex {
    return this.#near;
  }

  /** True while the client reads nothing. */
  get isPaused(): boolean {
    return this.#near.isHeld;
  }

  /** The client reads nothing more until `resume`. */
  pause(): void {
    this.#near.isHeld = true;
  }

  /** The client reads again. */
  resume(): void {
    this.#near.isHeld = false;
    this.#far.carry();
  }

  /** Ends the connection; what was on its way is lost. */
  cut(): void {
    this.#near.destroy();
    this.#far.destroy();
  }

  /** Ends the connection for the client alone: the server goes on writing to nobody. */
  cutNear(): void {
    this.#far.isSilent = this.#near.isSilent = true;
    this.#far.peer = new End();
    this.#near.destroy();
  }
}
