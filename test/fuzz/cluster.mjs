import { Child } from '../rig/child.mjs';
import { startRedis } from '../rig/redis-server.mjs';

/** Posts that wait for those before them; more are left out, so that they keep up with the conversations. */
const MAX_WAITING = 32;

/** Two servers over one Redis, and a poster that numbers what it posts. */
export class FuzzCluster {
  /** The numbers that were posted, for each kind and owner, in order. */
  posted = new Map();
  #redis;
  #servers = [];
  #number = 0;
  #waiting = 0;
  #posting = Promise.resolve();

  /** @param {{ flaw?: string }} [options] */
  static async start({ flaw } = {}) {
    const cluster = new FuzzCluster();
    cluster.#redis = await startRedis();
    for (let count = 0; count < 2; count++) {
      const server = new Child(new URL('server-process.mjs', import.meta.url), ['--expose-gc']);
      const { port } = await server.ask('start', { redis: cluster.#redis.url, flaw });
      cluster.#servers.push(Object.assign(server, { port }));
    }
    return cluster;
  }

  get ports() {
    return this.#servers.map(({ port }) => port);
  }

  /** Posts one message through one of the servers, unless too many wait; all posts are in one order. */
  post({ kind, owner }) {
    if (this.#waiting >= MAX_WAITING) return this.#posting;
    this.#waiting++;
    const number = ++this.#number;
    const key = `${kind} ${owner}`;
    if (!this.posted.has(key)) this.posted.set(key, []);
    this.posted.get(key).push(number);
    const server = this.#servers[number % this.#servers.length];
    const postIt = () => server.ask('post', { kind, owner, number }).finally(() => this.#waiting--);
    this.#posting = this.#posting.then(postIt);
    return this.#posting;
  }

  /** Resolves when everything that was to be posted is. */
  async settled() {
    await this.#posting;
  }

  counters() {
    return Promise.all(this.#servers.map((server) => server.ask('counters')));
  }

  heaps() {
    return Promise.all(this.#servers.map((server) => server.ask('heap')));
  }

  /** Waits until no connection, session or channel is left; returns what is. */
  async leftovers(deadlineMs = 15_000) {
    const end = performance.now() + deadlineMs;
    for (;;) {
      const left = (await this.counters()).flatMap(({ connections, sessions, channels, handshakes }) =>
        Object.entries({ connections, sessions, channels, handshakes }).filter(([, count]) => count),
      );
      if (!left.length || performance.now() > end)
        return left.map(([what, count]) => `${count} ${what} are left`);
      await new Promise((next) => setTimeout(next, 50));
    }
  }

  async stop() {
    // A server that is stopped before it has posted would answer to nobody.
    await this.settled().catch(() => undefined);
    await Promise.allSettled(this.#servers.map((server) => server.stop()));
    await this.#redis.stop();
  }
}
