import { Child } from '../../rig/child.mjs';

const CODEC = new URL('../codec-process.mjs', import.meta.url);

/** A peer that decodes and encodes in a process of its own, without a server. */
export class CodecContender {
  #process;

  /**
   * @param {import('../peers/index.mjs').Peer} peer
   * @param {import('../workloads.mjs').Workload} workload
   */
  constructor(peer, workload) {
    this.peer = peer;
    this.workload = workload;
  }

  /** Starts it, and proves that it reads and refuses what it should. */
  async start() {
    const { kind, classes } = this.workload;
    this.#process = new Child(CODEC);
    await this.#process.ask('start', { codecFile: this.peer.codec, kind, classes });
  }

  /** @param {number} ms */
  async warmUp(ms) {
    await this.round(ms);
  }

  /**
   * @param {number} ms
   * @returns {Promise<import('./server.contender.mjs').RoundFigures>}
   */
  round(ms) {
    return this.#process.ask('round', { ms });
  }

  async stop() {
    await this.#process?.stop();
  }
}
