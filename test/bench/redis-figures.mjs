import { Redis } from 'ioredis';

/** Reads the figures that a Redis reports about itself. */
export class RedisFigures {
  #redis;

  /** @param {string} url */
  constructor(url) {
    this.#redis = new Redis(url);
  }

  /** Returns how often a command was called so far. @param {string} command in small letters */
  async callsOf(command) {
    const text = await this.#redis.info('commandstats');
    return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  }

  /** Returns the bytes in use. */
  async usedBytes() {
    const text = await this.#redis.info('memory');
    return Number(/^used_memory:(\d+)/m.exec(text)?.[1]);
  }

  /** Forgets everything. */
  async clear() {
    await this.#redis.flushall('SYNC');
  }

  close() {
    this.#redis.disconnect();
  }
}
