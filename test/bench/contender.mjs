import { join } from 'node:path';
import { Child } from '../rig/child.mjs';

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
 * @property {number} kernelUs the part of it inside the kernel
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
   */
  constructor(peer, workload) {
    this.peer = peer;
    this.workload = workload;
    this.#server = new Child(new URL('server-process.mjs', import.meta.url));
    this.#load = new Child(new URL('load/load-process.mjs', import.meta.url));
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
    const kernelCpuUs = after.system - before.system;
    const serverCpuUs = after.user - before.user + kernelCpuUs;
    const shareOf = (cpuUs) => cpuUs / 1e6 / seconds;
    return {
      messages,
      seconds,
      perSecond: messages / seconds,
      p50Us,
      p99Us,
      cpuUs: serverCpuUs / messages,
      kernelUs: kernelCpuUs / messages,
      serverShare: shareOf(serverCpuUs),
      loadShare: shareOf(loadCpuUs),
    };
  }

  /**
   * Profiles the server for a round; the profile is kept as a file below a folder, for a browser's tools.
   *
   * @param {number} ms
   * @param {string} folder
   */
  async profile(ms, folder) {
    await this.#server.ask('startProfile');
    await this.#load.ask('round', { ms });
    const file = join(folder, `${this.peer.name}-${this.workload.name}.cpuprofile`);
    return this.#server.ask('stopProfile', { file });
  }

  async stop() {
    await Promise.all([this.#load.stop(), this.#server.stop()]);
  }
}
