import { lifeOf, onAbort, type Life } from '../scheduling/on-abort.js';

/** One consumer of one channel in this process, until it is removed. */
export class Subscription implements Disposable {
  #removed = false;
  #offAbort: (() => void) | undefined;
  readonly #life: Life | undefined;

  constructor(
    /** The name of the channel. */
    readonly channel: string,
    private readonly onRemove: () => void,
    signal?: AbortSignal,
  ) {
    if (!signal) return;
    this.#life = lifeOf(signal);
    this.#offAbort = onAbort(signal, () => this.remove());
  }

  /** Whether it has been removed, by hand or by its signal. */
  get removed(): boolean {
    return this.#removed || this.#life?.isOver === true;
  }

  /** Ends the subscription; no message is delivered to it afterwards. May be called again. */
  remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    this.#offAbort?.();
    this.onRemove();
  }

  [Symbol.dispose](): void {
    this.remove();
  }
}
