const STEP = Math.log(1.02);
const BUCKETS = 1_200;

/** Latencies counted in steps of 2 %, so that a million of them cost no memory. */
export class Latencies {
  #counts = new Uint32Array(BUCKETS);
  #total = 0;

  /**
   * @param {number} ms
   * @param {number} [count] how many had it
   */
  add(ms, count = 1) {
    const bucket = Math.log(Math.max(1, ms * 1_000)) / STEP;
    this.#counts[Math.min(BUCKETS - 1, bucket | 0)] += count;
    this.#total += count;
  }

  /**
   * Returns the latency, in microseconds, that a share of all does not exceed.
   *
   * @param {number} share 0 to 1
   */
  quantile(share) {
    let left = this.#total * share;
    const bucket = this.#counts.findIndex((count) => (left -= count) <= 0);
    return Math.round(Math.exp((Math.max(0, bucket) + 0.5) * STEP));
  }
}
