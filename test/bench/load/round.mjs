import { Latencies } from './latencies.mjs';

const STALL_MS = 10_000;

/** Counts the messages of one round and their latencies, until the last one is done. */
export class Round {
  latencies = new Latencies();
  messages = 0;
  /** Messages on their way. */
  inFlight = 0;
  #startedAt = performance.now();
  #endsAt;
  #finish;
  #fail;
  #stall;
  #stallMessages = 0;

  /** @param {number} ms how long new messages are begun */
  constructor(ms) {
    this.#endsAt = this.#startedAt + ms;
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.#stall = setInterval(() => this.#checkStall(), STALL_MS);
  }

  /**
   * Tells whether new messages are begun at this time; ends the round when the last one is done.
   *
   * @param {number} now
   */
  goesOn(now) {
    if (now < this.#endsAt) return true;
    if (!this.inFlight) this.#end(now);
    return false;
  }

  /** @param {Error} error */
  fail(error) {
    clearInterval(this.#stall);
    this.#fail(error);
  }

  #end(now) {
    clearInterval(this.#stall);
    const { latencies, messages } = this;
    this.#finish({
      messages,
      seconds: (now - this.#startedAt) / 1_000,
      p50Us: latencies.quantile(0.5),
      p99Us: latencies.quantile(0.99),
    });
  }

  #checkStall() {
    if (this.messages === this.#stallMessages) this.fail(new Error('No answer came for 10 s.'));
    this.#stallMessages = this.messages;
  }
}
