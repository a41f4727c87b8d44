import { setImmediate as nextTurn } from 'node:timers/promises';
import { resetSocket } from './reset-socket.mjs';

const MOST_HELD_BYTES = 1024 * 1024;
const TICK_MS = 10;
const END = Symbol('end');
const RESET = Symbol('reset');

/** @typedef {{ what: Buffer | typeof END | typeof RESET, at: number, dueAt?: number }} Chunk */

/** Carries the bytes of one direction of one connection, as its mode says. */
export class Carriage {
  isStarved = false;
  #mode;
  #from;
  #to;
  /**
   * The chunks that have arrived and are not passed on, with the ends of the connection.
   *
   * @type {Chunk[]}
   */
  #held = [];
  #resumeBytes = 0;
  /** How many bytes were carried in this mode. */
  #carried = 0;
  #isCarrying = false;
  /** @type {() => void} */
  #wake = () => undefined;

  /**
   * @param {import('node:net').Socket} from
   * @param {import('node:net').Socket} to
   * @param {import('./tcp-proxy.mjs').Mode} mode
   */
  constructor(from, to, mode) {
    this.#from = from;
    this.#to = to;
    this.#mode = mode;
    from.on('data', (data) => this.#hold(data));
    from.on('end', () => this.#hold(END));
    // A reset closes without an end; an end that was carried on is the last that there is to say.
    from.on('error', () => this.#hold(RESET));
    from.on('close', () => this.#hold(RESET));
    to.on('drain', () => this.#wake());
    to.on('close', () => this.#wake());
  }

  /** @param {import('./tcp-proxy.mjs').Mode} mode */
  set mode(mode) {
    this.#mode = mode;
    this.#carried = 0;
    this.#wake();
    void this.#carry();
  }

  /** Ends the connection on the side that bytes come from. */
  reset() {
    resetSocket(this.#from);
    if (this.#to.connecting) this.#to.destroy();
  }

  /** @param {Chunk['what']} what */
  #hold(what) {
    this.#held.push({ what, at: performance.now() });
    this.#resumeBytes += typeof what === 'symbol' ? 0 : what.length;
    if (this.#resumeBytes > MOST_HELD_BYTES) this.#from.pause();
    void this.#carry();
  }

  /** Carries on what is held, one after the other, for as long as there is something. */
  async #carry() {
    if (this.#isCarrying) return;
    this.#isCarrying = true;
    while (this.#held.length > 0 && !this.#to.destroyed) {
      const [first] = this.#held;
      if (await this.#isDue(first)) this.#carryOn(first);
    }
    this.#isCarrying = false;
  }

  /**
   * Waits as the mode says; false when the mode may have changed meanwhile.
   *
   * @param {Chunk} first
   */
  async #isDue(first) {
    const { kind, ms = 0, jitterMs = 0 } = this.#mode;
    if (kind === 'blackhole' || this.#to.writableNeedDrain) {
      await this.#woken();
      return false;
    }
    if (kind === 'bandwidth') await this.#woken(TICK_MS);
    if (kind === 'slicer') await nextTurn();
    if (kind !== 'latency') return this.#mode.kind === kind;
    const dueAt = (first.dueAt ??= first.at + ms + (Math.random() * 2 - 1) * jitterMs);
    const leftMs = dueAt - performance.now();
    if (leftMs > 0) await this.#woken(leftMs);
    return leftMs <= 0;
  }

  /** @param {Chunk} first */
  #carryOn(first) {
    if (first.what === END) this.#to.end();
    else if (first.what === RESET) this.#endBoth();
    else return this.#write(/** @type {Chunk & { what: Buffer }} */ (first));
    this.#held.shift();
  }

  /** A side that closed after it had ended reads no more: what the other still says goes nowhere. */
  #endBoth() {
    if (this.#to.writableEnded) this.#to.destroySoon();
    else this.#to.resetAndDestroy();
  }

  /** @param {Chunk & { what: Buffer }} first */
  #write(first) {
    const most = this.#mostBytes();
    const now = first.what.subarray(0, most);
    first.what = first.what.subarray(now.length);
    if (first.what.length === 0) this.#held.shift();
    this.#resumeBytes -= now.length;
    this.#carried += now.length;
    if (!this.isStarved) this.#to.write(now);
    if (this.#resumeBytes <= MOST_HELD_BYTES && this.#from.isPaused()) this.#from.resume();
    if (this.#mode.kind === 'cutAfter' && this.#carried >= this.#mode.bytes) this.#cut();
  }

  #mostBytes() {
    const mode = this.#mode;
    if (mode.kind === 'slicer') return mode.bytes;
    if (mode.kind === 'cutAfter') return mode.bytes - this.#carried;
    return mode.kind === 'bandwidth'
      ? Math.max(1, Math.round((mode.bytesPerSecond * TICK_MS) / 1_000))
      : Infinity;
  }

  /** The last bytes leave first: a reset would overtake them. */
  #cut() {
    this.#held.length = 0;
    this.#from.destroy();
    this.#to.destroySoon();
  }

  /**
   * @param {number} [ms]
   * @returns {Promise<void>}
   */
  #woken(ms) {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
}
