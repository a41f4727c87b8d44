import { RedisFigures } from '../redis-figures.mjs';
import { ServerContender } from './server.contender.mjs';
import { required } from '../../rig/required.mjs';

/** A peer whose clients come back; that they were cut off, and missed messages, goes before the round. */
export class RejoinContender extends ServerContender {
  #redis;

  async start() {
    this.#redis = new RedisFigures(required(this.surroundings.redisUrl, 'Redis'));
    await super.start();
  }

  /** @param {number} ms */
  async warmUp(ms) {
    await this.round(ms);
  }

  /**
   * @param {number} ms
   * @returns {Promise<import('./server.contender.mjs').RoundFigures>}
   */
  async round(ms) {
    await this.load.ask('prepare');
    const before = await this.#reads();
    const { seconds = 0, ...figures } = await super.round(ms);
    const reads = (await this.#reads()) - before;
    return { ...figures, seconds, allMs: seconds * 1_000, reads };
  }

  /**
   * @param {number} ms
   * @param {string} folder
   */
  async profile(ms, folder) {
    await this.load.ask('prepare');
    return super.profile(ms, folder);
  }

  async stop() {
    this.#redis?.close();
    await super.stop();
  }

  #reads() {
    return this.#redis.callsOf(this.peer.reads);
  }
}
