import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { resetSocket } from './reset-socket.mjs';

/** @import { Socket } from 'node:net' */

const HOST = '127.0.0.1';

/**
 * Stands between clients and servers: it chooses the server of each connection, and can cut all of
 * them, as a network does that is gone: neither side is told more than that the connection is reset.
 */
export class Front {
  /**
   * When a connection was taken that reached a server, in milliseconds of the given clock.
   *
   * @type {number[]}
   */
  acceptedAt = [];
  isCut = false;
  port = 0;
  /** @type {Set<[client: Socket, server: Socket]>} */
  #pairs = new Set();
  #server = createServer({ noDelay: true }, (client) => this.#accept(client));

  /**
   * @param {() => number | undefined} choosePort the server of the next connection; undefined: there is none
   * @param {() => number} now
   */
  constructor(choosePort, now) {
    this.choosePort = choosePort;
    this.now = now;
  }

  async listen() {
    this.#server.listen({ port: 0, host: HOST, backlog: 2_048 });
    await once(this.#server, 'listening');
    this.port = /** @type {import('node:net').AddressInfo} */ (this.#server.address()).port;
    return this;
  }

  /** Resets all connections, and those that are tried, until it heals. Returns how many there were. */
  cut() {
    this.isCut = true;
    const whole = [...this.#pairs].filter((pair) => pair.every(({ destroyed }) => !destroyed));
    for (const pair of this.#pairs) for (const socket of pair) resetSocket(socket);
    return whole.length;
  }

  heal() {
    this.isCut = false;
  }

  async stop() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  /** @param {Socket} client */
  #accept(client) {
    client.on('error', () => undefined);
    const port = this.isCut ? undefined : this.choosePort();
    if (port === undefined) return resetSocket(client);
    this.acceptedAt.push(this.now());
    const server = connect({ port, host: HOST, noDelay: true });
    /** @type {[client: Socket, server: Socket]} */
    const pair = [client, server];
    this.#pairs.add(pair);
    // One side's end is the other's; an error of one resets the other.
    server.on('error', () => resetSocket(client));
    for (const socket of pair) socket.on('close', () => this.#closed(pair));
    client.pipe(server).pipe(client);
  }

  /** @param {[client: Socket, server: Socket]} pair */
  #closed(pair) {
    for (const socket of pair) if (!socket.destroyed) socket.destroySoon();
    if (pair.every(({ destroyed }) => destroyed)) this.#pairs.delete(pair);
  }
}
