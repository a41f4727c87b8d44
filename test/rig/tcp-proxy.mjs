import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Carriage } from './tcp-carriage.mjs';

/**
 * The transport of bytes in one direction.
 *
 * - `pass`: unchanged
 * - `blackhole`: held, also the end of a connection, like a network without a route; sent after the next change
 * - `latency`: delayed, in order
 * - `bandwidth`: limited per second
 * - `slicer`: in pieces
 * - `cutAfter`: a reset after so many bytes of each connection
 *
 * @typedef {{ kind: 'pass' | 'blackhole', ms?: undefined, jitterMs?: undefined, bytes?: undefined }
 *   | { kind: 'latency', ms: number, jitterMs?: number, bytes?: undefined }
 *   | { kind: 'bandwidth', bytesPerSecond: number, ms?: undefined, jitterMs?: undefined, bytes?: undefined }
 *   | { kind: 'slicer' | 'cutAfter', bytes: number, ms?: undefined, jitterMs?: undefined }} Mode
 * @typedef {{ isSubscribed: boolean, up: Carriage, down: Carriage }} Link
 */

const HOST = '127.0.0.1';
/** @type {Mode} */
const PASS = { kind: 'pass' };
/** How Redis is asked to push, in a cluster and without. */
const SUBSCRIBE = /\r\ns?subscribe\r\n/i;

/** Stands between a process and a server, and spoils what goes through it, as told, at any time. */
export class TcpProxy {
  accepted = 0;
  port = 0;
  #server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  /** @type {Set<Link>} */
  #links = new Set();
  /** @type {{ up: Mode, down: Mode }} */
  #modes = { up: PASS, down: PASS };

  /** @param {number} targetPort */
  constructor(targetPort) {
    this.targetPort = targetPort;
  }

  /** @param {number} targetPort */
  static async to(targetPort) {
    const proxy = new TcpProxy(targetPort);
    await proxy.#listen();
    return proxy;
  }

  /** The address of a Redis behind the proxy. */
  get url() {
    return `redis://${HOST}:${this.port}`;
  }

  /** The number of open connections. */
  get connections() {
    return this.#links.size;
  }

  /**
   * @param {Mode} mode
   * @param {'up' | 'down' | 'both'} [direction]
   * Sets the mode of all connections, present and future.
   */
  set(mode, direction = 'both') {
    for (const way of directionsOf(direction)) {
      this.#modes[way] = mode;
      for (const link of this.#links) link[way].mode = mode;
    }
  }

  /** Lets requests pass and blocks the replies. */
  dropReplies() {
    this.set({ kind: 'blackhole' }, 'down');
  }

  /** Ends all connections and stops listening, so that new ones are refused. */
  async refuse() {
    const closed = this.#server.listening && once(this.#server, 'close');
    this.#server.close();
    this.reset();
    await closed;
  }

  /** Ends all connections with a TCP reset. */
  reset() {
    for (const { up, down } of this.#links) [up, down].forEach((way) => way.reset());
  }

  /** Restores the normal transport, and listens again. */
  async pass() {
    this.set(PASS);
    if (!this.#server.listening) await this.#listen();
  }

  /** Sends nothing more to connections with a subscription; they stay open. */
  starve() {
    for (const link of this.#links) link.down.isStarved = link.isSubscribed;
  }

  async stop() {
    await this.refuse();
  }

  async #listen() {
    this.#server.listen(this.port, HOST);
    await once(this.#server, 'listening');
    this.port = /** @type {import('node:net').AddressInfo} */ (this.#server.address()).port;
  }

  /** @param {import('node:net').Socket} client */
  #accept(client) {
    this.accepted++;
    const server = connect({ port: this.targetPort, host: HOST, allowHalfOpen: true });
    const link = {
      isSubscribed: false,
      up: new Carriage(client, server, this.#modes.up),
      down: new Carriage(server, client, this.#modes.down),
    };
    this.#links.add(link);
    client.on('data', (data) => (link.isSubscribed ||= SUBSCRIBE.test(data.toString('latin1'))));
    for (const socket of [client, server])
      socket.setNoDelay(true).on('close', () => {
        if (client.destroyed && server.destroyed) this.#links.delete(link);
      });
  }
}

/**
 * @param {'up' | 'down' | 'both'} direction
 * @returns {readonly ('up' | 'down')[]}
 */
function directionsOf(direction) {
  return direction === 'both' ? ['up', 'down'] : [direction];
}
