// Records the sent and written bytes over time, so that short windows can be judged too.

/** @typedef {{ at: number, sent: number, answers: number, errors: number, connections: number, log: number,
 *   redis: number }} Sample what there was up to a time, in bytes; `at` is in milliseconds */

/** Follows the log and the Redis bytes of a server while a client attacks it. */
export class Timeline {
  #first;
  #samples = [];

  /**
   * @param {() => Promise<{ logBytes: number, redisBytes: number }>} sample
   * @param {{ forMs: number, redisBytes: number }} calm what the server writes without an attack
   */
  constructor(sample, calm) {
    this.sample = sample;
    this.redisPerMs = calm.redisBytes / calm.forMs;
  }

  /** Takes the first sample, and returns it. */
  async begin() {
    this.#first = await this.#take();
    return this.#first;
  }

  /** Takes samples for a time; returns the last one. */
  async follow(forMs, everyMs) {
    const endsAt = performance.now() + forMs;
    let last;
    for (let left = forMs; left > 0; left = endsAt - performance.now()) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(left, everyMs)));
      last = await this.#take();
    }
    return last;
  }

  /**
   * Joins the samples of the attacker with those of the server.
   *
   * @param {readonly { at: number, written: number, read: number, errors: number, connections: number }[]} attacker
   * @returns {Sample[]}
   */
  beside(attacker) {
    const { logBytes, redisBytes, at: startedAt } = this.#first;
    return attacker.map(({ at, written, read, errors, connections }) => {
      const server = this.#samples.findLast((sample) => sample.at <= at) ?? this.#first;
      const calm = this.redisPerMs * (server.at - startedAt);
      return {
        ...{ at, sent: written, answers: read, errors, connections },
        log: server.logBytes - logBytes,
        redis: Math.max(0, server.redisBytes - redisBytes - calm),
      };
    });
  }

  async #take() {
    const sample = { ...(await this.sample()), at: performance.timeOrigin + performance.now() };
    this.#samples.push(sample);
    return sample;
  }
}
