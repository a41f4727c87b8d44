import type { Clock } from '../transport/clock.js';

/** Watches that a connection is not silent for too long. */
export class Heartbeat {
  #timer: unknown;
  #heardAt = 0;

  constructor(
    private readonly clock: Clock,
    private readonly lost: () => void,
  ) {}

  /** Notes a sign of life. */
  heard(): void {
    this.#heardAt = this.clock.now();
  }

  /** Reports a loss when nothing is heard for a time, from now on. */
  watch(silenceMs: number): void {
    this.heard();
    this.#await(silenceMs, silenceMs);
  }

  /** Reports a loss unless something is heard soon; then goes on watching. */
  expect(answerMs: number, silenceMs: number): void {
    const askedAt = this.clock.now();
    this.#start(answerMs, () =>
      this.#heardAt < askedAt ? this.lost() : this.#await(silenceMs, silenceMs - answerMs),
    );
  }

  stop(): void {
    this.clock.clearTimeout(this.#timer);
  }

  #await(silenceMs: number, delayMs: number): void {
    this.#start(delayMs, () => {
      const leftMs = this.#heardAt + silenceMs - this.clock.now();
      if (leftMs > 0) this.#await(silenceMs, leftMs);
      else this.lost();
    });
  }

  #start(delayMs: number, run: () => void): void {
    this.stop();
    this.#timer = this.clock.setTimeout(run, delayMs);
  }
}
