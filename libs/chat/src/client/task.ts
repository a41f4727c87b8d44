import type { ChatClock } from './chat-client.js';
import { codedError, retryMs } from './retry.js';

/**
 * Work that runs when it is asked for, one run at a time.
 *
 * A run that fails is repeated later; each failure in a row makes the wait longer.
 */
export class Task {
  /** The delay of the next run in milliseconds; undefined without one. */
  #nextMs: number | undefined;
  #isRunning = false;
  #isStopped = false;
  #failures = 0;
  #cancel: (() => void) | undefined;
  readonly #clock: ChatClock;
  readonly #work: () => unknown;

  constructor(clock: ChatClock, work: () => unknown) {
    this.#clock = clock;
    this.#work = work;
  }

  /** True when another run is planned. */
  get isAsked(): boolean {
    return this.#nextMs !== undefined;
  }

  /**
   * Runs the work at once, or after a delay in milliseconds, unless it is planned already.
   *
   * During a run, the next one follows it.
   */
  ask(delayMs = 0): void {
    this.#isStopped = false;
    if (delayMs && this.isAsked) return;
    this.#nextMs = delayMs;
    if (!this.#isRunning) this.#plan();
  }

  /** Drops the planned run; one that has begun is not repeated. */
  stop(): void {
    this.#isStopped = true;
    this.#nextMs = undefined;
    this.#cancel?.();
  }

  #plan(): void {
    this.#cancel?.();
    if (this.#nextMs) this.#cancel = this.#clock.after(this.#nextMs, () => void this.#run());
    else void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    this.#nextMs = undefined;
    try {
      await this.#work();
      this.#failures = 0;
    } catch (failure) {
      const waitMs = retryMs(this.#failures++, codedError(failure));
      // A run that is wanted at once does not wait.
      if (!this.#isStopped && this.#nextMs !== 0) this.#nextMs = waitMs;
    }
    this.#isRunning = false;
    if (this.isAsked) this.#plan();
  }
}
