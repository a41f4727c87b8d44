import { Child } from './child.mjs';

/**
 * What one round of one contender showed.
 *
 * @typedef {object} RoundFigures
 * @property {number} messages answered, or delivered
 * @property {number} seconds
 * @property {number} perSecond
 * @property {number} p50Us
 * @property {number} p99Us
 * @property {number} cpuUs CPU time of the server a message, in microseconds
 * @property {number} serverShare of one core
 * @property {number} loadShare of one core
 */

/** A peer at a workload: a server process, and the process that loads it. */
export class Contender {
  #server;
  #load;

  /**
   * @param {import('./peers/index.mjs').Peer} peer
   * @param {import('./workloads.mjs').Workload} workload
   * @param {readonly string[]} [serverOptions] of Node
   */
  constructor(peer, workload, serverOptions = []) {
    this.peer = peer;
    this.workload = workload;
    this.#server = new Child('server-process.mjs', serverOptions);
    this.#load = new Child('load/load-process.mjs');
  }

  /** Starts both, connects, and proves that the peer answers what it should. */
  async start() {
    const { peer, workload } = this;
    const { server: serverFile, dialect: dialectFile, validates } = peer;
    const { port } = await this.#server.ask('start', { serverFile, kind: workload.kind });
    await this.#load.ask('start', { port, dialectFile, workload, validates });
  }

  /**
   * Loads the server for a while.
   *
   * @param {number} ms
   * @returns {Promise<RoundFigures>}
   */
  async round(ms) {
    const before = await this.#server.ask('cpu');
    const figures = await this.#load.ask('round', { ms });
    const after = await this.#server.ask('cpu');
    const { messages, seconds, p50Us, p99Us, loadCpuUs } = figures;
    const serverCpuUs = after.cpuUs - before.cpuUs;
    const shareOf = (cpuUs) => cpuUs / 1e6 / seconds;
    return {
      messages,
      seconds,
      perSecond: messages / seconds,
      p50Us,
      p99Us,
      cpuUs: serverCpuUs / messages,
      serverShare: shareOf(serverCpuUs),
      loadShare: shareOf(loadCpuUs),
    };
  }

  async stop() {
    await Promise.all([this.#load.stop(), this.#server.stop()]);
  }
}
