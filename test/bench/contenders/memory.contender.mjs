import { ServerContender } from './server.contender.mjs';

const KIB = 1_024;

/** A peer whose memory is measured: each round has a server of its own, because memory is not given back. */
export class MemoryContender {
  peer;
  #once;

  /** @param {ConstructorParameters<typeof ServerContender>} parts */
  constructor(...parts) {
    [this.peer] = parts;
    this.#once = new ServerContender(...parts);
  }

  /** Nothing stands between rounds. */
  async start() {}

  /** The load warms up what is made once. */
  async warmUp() {}

  /** @returns {Promise<import('./server.contender.mjs').RoundFigures>} */
  async round() {
    await this.#once.start();
    const { servers, load } = this.#once;
    const before = await servers[0].ask('rss');
    const { messages } = await load.ask('round', { ms: 0 });
    const after = await servers[0].ask('rss');
    await this.stop();
    return { messages, rssKb: (after - before) / KIB / messages };
  }

  stop() {
    return this.#once.stop();
  }
}
