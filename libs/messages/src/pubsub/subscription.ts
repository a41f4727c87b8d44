import { lifeOf, onAbort, type Life } from '../scheduling/on-abort.js';

/** The handle of one subscription of this process to a channel. */
export class Subscription implements Disposable {
  private isRemoved = false;
  private offAbort: (() => void) | undefined;
  private readonly life: Life | undefined;

  constructor(
    /** The name of the channel. */
    readonly channel: string,
    private readonly onRemove: () => void,
    signal?: AbortSignal,
  ) {
    if (!signal) return;
    this.life = lifeOf(signal);
    this.offAbort = onAbort(signal, () => this.remove());
  }

  /** True after the removal, by `remove` or by the signal. */
  get removed(): boolean {
    return this.isRemoved || this.life?.isOver === true;
  }

  /** Ends the subscription; no message is delivered afterwards. A second call changes nothing. */
  remove(): void {
    if (this.isRemoved) return;
    this.isRemoved = true;
    this.offAbort?.();
    this.onRemove();
  }

  [Symbol.dispose](): void {
    this.remove();
  }
}
