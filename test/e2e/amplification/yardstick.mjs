// How busy the machine is: the CPU time of the same work grows when other processes share the cores.
import { Child } from '../../rig/child.mjs';
import { percentile } from './witness.mjs';

const FIRST_SAMPLES = 20;
/** As long as between later samples: work that follows on other work is faster. */
const EVERY_MS = 200;
/** A larger factor would hide an attack. */
const MAX_FACTOR = 2;

/** Measures by which factor CPU time is longer than at the best moment of a run. */
export class Yardstick {
  #child = new Child(new URL('yardstick-process.mjs', import.meta.url));
  #costs = [];
  #best = Infinity;

  static async start() {
    const yardstick = new Yardstick();
    for (let left = FIRST_SAMPLES; left > 0; left--) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      await yardstick.take();
    }
    return yardstick;
  }

  async take() {
    const cost = await this.#child.ask('cost');
    this.#costs.push(cost);
    this.#best = Math.min(this.#best, cost);
  }

  /** Forgets the samples, but not the best one. */
  begin() {
    this.#costs = [];
  }

  /** Returns the factor since `begin`, at least 1. */
  get factor() {
    if (!this.#costs.length) return 1;
    return Math.min(MAX_FACTOR, percentile(this.#costs, 0.5) / this.#best);
  }

  stop() {
    return this.#child.stop();
  }
}
