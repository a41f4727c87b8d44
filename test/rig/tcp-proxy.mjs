import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Carriage } from './tcp-carriage.mjs';

const HOST = '127.0.0.1';
const PASS = { kind: 'pass' };
/** How Redis is asked to push, in a cluster and without. */
const SUBSCRIBE = /\r\ns?subscribe\r\n/i;

/** @typedef {import('./tcp-proxy.mjs').Mode} Mode */

/** Stands between a process and a server, and spoils what goes through it, as told, at any time. */
export class TcpProxy {
  accepted = 0;
  port = 0;
  #server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
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

  get url() {
    return `redis://${HOST}:${this.port}`;
  }

  get connections() {
    return this.#links.size;
  }

  /**
   * @param {Mode} mode
   * @param {'up' | 'down' | 'both'} [direction]
   */
  set(mode, direction = 'both') {
    for (const way of direction === 'both' ? ['up', 'down'] : [direction]) {
      this.#modes[way] = mode;
      for (const link of this.#links) link[way].mode = mode;
    }
  }

  dropReplies() {
    this.set({ kind: 'blackhole' }, 'down');
  }

  async refuse() {
    const closed = this.#server.listening && once(this.#server, 'close');
    this.#server.close();
    this.reset();
    await closed;
  }

  reset() {
    for (const { up, down } of this.#links) [up, down].forEach((way) => way.reset());
  }

  async pass() {
    this.set(PASS);
    if (!this.#server.listening) await this.#listen();
  }

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
