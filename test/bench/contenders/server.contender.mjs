import { join } from 'node:path';
import { Child } from '../../rig/child.mjs';

/**
 * The figures of one round of one contender.
 *
 * @typedef {object} RoundFigures
 * @property {number} messages answered, delivered, or connections that came and went
 * @property {number} [seconds]
 * @property {number} [perSecond]
 * @property {number} [p50Us]
 * @property {number} [p99Us]
 * @property {number} [allMs] until the last one had everything, in milliseconds
 * @property {number} [reads] of Redis, by the servers
 * @property {number} [cpuUs] CPU time of the servers a message, in microseconds
 * @property {number} [kernelUs] the part of it inside the kernel
 * @property {number} [serverShare] of one core, of the busiest server
 * @property {number} [loadShare] of one core
 * @property {number} [rssKb] resident memory of the server a connection or subscription, in KiB
 * @property {number} [payloadBytes] of the text of a message
 * @property {number} [bytes] what a message takes that was kept just now
 * @property {number} [restBytes] what it takes when its id is no longer remembered
 *
 * What contenders of a workload share.
 * @typedef {object} Surroundings
 * @property {string} [redisUrl]
 * @property {number} [perSecond] the rate of a paced load
 */

const SERVER = new URL('../server-process.mjs', import.meta.url);
const LOAD = new URL('../load/load-process.mjs', import.meta.url);
const GC = '--expose-gc';
// Off unless a peer is about it: the figures of the others do not depend on what is installed.
const NOT_NATIVE = { WS_NO_BUFFER_UTIL: '1' };

/** A peer at a workload: server processes, and the process that loads them. */
export class ServerContender {
  servers;
  load;

  /**
   * @param {import('../peers/index.mjs').Peer} peer
   * @param {import('../workloads.mjs').Workload} workload
   * @param {Surroundings} surroundings
   */
  constructor(peer, workload, surroundings) {
    this.peer = peer;
    this.workload = workload;
    this.surroundings = surroundings;
  }

  /** Starts all, connects, and proves that the peer answers what it should. */
  async start() {
    const { peer, workload, surroundings } = this;
    const { server: serverFile, dialect: dialectFile, validates, isNative = false } = peer;
    const { kind, servers = 1, classes } = workload;
    this.servers = Array.from({ length: servers }, () => new Child(SERVER, [GC], isNative ? {} : NOT_NATIVE));
    this.load = new Child(LOAD);
    // Bare peers have no classes that others could slow down.
    const setup = {
      serverFile,
      peer: peer.name,
      kind,
      validates,
      isNative,
      classes: validates ? classes : 0,
      ...surroundings,
    };
    const started = await Promise.all(this.servers.map((server) => server.ask('start', setup)));
    const ports = started.map(({ port }) => port);
    await this.load.ask('start', { ports, dialectFile, workload, validates, ...surroundings });
  }

  /** Lets the servers compile what is hot. @param {number} ms */
  async warmUp(ms) {
    await this.load.ask('round', { ms });
  }

  /**
   * Loads the servers for a while.
   *
   * @param {number} ms
   * @returns {Promise<RoundFigures>}
   */
  async round(ms) {
    const before = await this.#cpu();
    const { loadCpuUs, ...figures } = await this.load.ask('round', { ms });
    const spent = (await this.#cpu()).map(({ user, system }, index) => ({
      userUs: user - before[index].user,
      kernelUs: system - before[index].system,
    }));
    const { messages, seconds } = figures;
    const kernelUs = sumOf(spent.map((one) => one.kernelUs));
    const allUs = spent.map((one) => one.userUs + one.kernelUs);
    const shareOf = (cpuUs) => cpuUs / 1e6 / seconds;
    return {
      ...figures,
      perSecond: messages / seconds,
      cpuUs: sumOf(allUs) / messages,
      kernelUs: kernelUs / messages,
      serverShare: shareOf(Math.max(...allUs)),
      loadShare: shareOf(loadCpuUs),
    };
  }

  /**
   * Profiles the first server for a round; the profile is kept as a file below a folder, for a browser's tools.
   *
   * @param {number} ms
   * @param {string} folder
   */
  async profile(ms, folder) {
    await this.servers[0].ask('startProfile');
    await this.load.ask('round', { ms });
    const file = join(folder, `${this.peer.name}-${this.workload.name}.cpuprofile`);
    return this.servers[0].ask('stopProfile', { file });
  }

  async stop() {
    await this.load?.stop();
    await Promise.all((this.servers ?? []).map((server) => server.stop()));
  }

  #cpu() {
    return Promise.all(this.servers.map((server) => server.ask('cpu')));
  }
}

const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);
