import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from '../rig/child.mjs';

const SERVER = new URL('server-process.mjs', import.meta.url);
const CLIENTS = new URL('client-process.mjs', import.meta.url);
const LOOK_MS = 100;

/** Starts a server of a peer; its port is known when this resolves. */
export async function startServer(setup) {
  const child = new Child(SERVER);
  const { port } = await child.ask('start', setup);
  return { child, port };
}

/** Client processes that share the clients evenly. */
export class Crowd {
  #children = [];

  /**
   * @param {{ file: string, exported: string, processes: number, options?: object }} setup
   * @param {readonly { port: number, rooms: readonly number[] }[]} plans one of each client
   */
  async start({ file, exported, processes, options }, plans) {
    this.size = plans.length;
    this.#children = Array.from({ length: processes }, () => new Child(CLIENTS));
    const size = Math.ceil(plans.length / processes);
    await this.#askAll('start', (at) => ({
      file,
      exported,
      options,
      plans: plans.slice(at * size, (at + 1) * size),
    }));
    return this;
  }

  startAsking({ rate, mostWorkMs, seed }) {
    const each = rate / this.#children.length;
    return this.#askAll('startAsking', (at) => ({ rate: each, mostWorkMs, seed: seed + at }));
  }

  /** Resolves when all that was asked is answered, with how much it was and what failed. */
  async stopAsking() {
    const asked = await this.#askAll('stopAsking');
    return {
      count: asked.reduce((sum, { count }) => sum + count, 0),
      failures: asked.flatMap(({ failures }) => failures),
    };
  }

  /** Waits until all clients have got the given messages or newer ones; returns how many have. */
  async reach(lasts, timeoutMs) {
    return within(timeoutMs, async () => {
      const counts = await this.#askAll('countReached', () => ({ lasts }));
      const reached = counts.reduce((sum, count) => sum + count, 0);
      return { isDone: reached === this.size, value: reached };
    });
  }

  /** Returns the receipts of all clients, in the order of their plans; each is room, number and time. */
  async report() {
    const reports = await this.#askAll('report');
    return {
      receipts: reports.flatMap(({ receipts }) => receipts),
      kinds: reports.flatMap(({ kinds }) => kinds),
      errors: reports.flatMap(({ errors }) => errors),
    };
  }

  async stop() {
    await this.#askAll('close').catch(() => undefined);
    await Promise.all(this.#children.map((child) => child.stop()));
  }

  /**
   * @param {string} question
   * @param {(at: number) => object} [detailsOf]
   */
  #askAll(question, detailsOf = () => ({})) {
    return Promise.all(this.#children.map((child, at) => child.ask(question, detailsOf(at))));
  }
}

/** Looks until something is done or the time is over; returns what was seen last. */
export async function within(timeoutMs, look) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { isDone, value } = await look();
    if (isDone || performance.now() > deadline) return value;
    await sleep(LOOK_MS);
  }
}
