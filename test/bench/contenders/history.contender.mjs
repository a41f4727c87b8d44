import { Child } from '../../rig/child.mjs';
import { RedisFigures } from '../redis-figures.mjs';
import { required } from '../../rig/required.mjs';

const KEEPER = new URL('../keep-process.mjs', import.meta.url);
const GC = '--expose-gc';

/** A peer whose kept messages are weighed, in a process of its own each round or in Redis. */
export class HistoryContender {
  #process;
  #redis;

  /**
   * @param {import('../peers/index.mjs').Peer} peer
   * @param {import('../workloads.mjs').Workload} workload
   * @param {import('./server.contender.mjs').Surroundings} surroundings
   */
  constructor(peer, workload, { redisUrl }) {
    this.peer = peer;
    this.workload = workload;
    this.redisUrl = redisUrl;
  }

  /** Nothing stands between rounds. */
  async start() {
    if (this.redisUrl) this.#redis = new RedisFigures(this.redisUrl);
  }

  /** A round warms up what is made once. */
  async warmUp() {}

  /** @returns {Promise<import('./server.contender.mjs').RoundFigures>} */
  async round() {
    const { peer, redisUrl } = this;
    const { channels, messages } = this.workload;
    await this.#redis?.clear();
    this.#process = new Child(KEEPER, [GC]);
    const setup = { keeperFile: peer.keeper, messages, redisUrl };
    const { payloadBytes } = await this.#process.ask('start', setup);
    const before = await this.#usedBytes();
    await this.#process.ask('keep', { channels });
    const after = await this.#usedBytes();
    await this.#process.ask('forget');
    const rest = await this.#usedBytes();
    await this.#process.stop();
    const kept = required(channels, 'number of channels') * required(messages, 'number of messages');
    return {
      messages: kept,
      payloadBytes,
      bytes: (after - before) / kept,
      restBytes: (rest - before) / kept,
    };
  }

  async stop() {
    this.#redis?.close();
    await this.#process?.stop();
  }

  #usedBytes() {
    return this.#redis ? this.#redis.usedBytes() : this.#process.ask('usedBytes');
  }
}
