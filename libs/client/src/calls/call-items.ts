import type { FramePayload } from '@nestwire/protocol/codec';
import { tooLargeError, type SizeLimit } from '../connection/size-of.js';

/** Items that a client sends into a call. */
export type Items<T> = AsyncIterable<T> | Iterable<T>;

/** The limits of a server for the items of a call. */
export interface ItemWindow extends SizeLimit {
  readonly callWindow?: number;
  readonly callWindowBytes?: number;
}

/** The items of one call, which the server receives as it consumes them. */
export class CallItems {
  readonly #limits: ItemWindow;
  #sent = 0;
  #consumed = 0;
  /** The size of the largest item; all count as much, so the server's window of bytes is never exceeded. */
  #size = 1;
  #isStopped = false;
  #wake?: () => void;

  constructor(limits: ItemWindow) {
    this.#limits = limits;
  }

  /**
   * Sends the items; resolves after the last one, or when it is stopped.
   *
   * @throws the error of the iterable or of an item
   */
  async send(
    items: Items<unknown>,
    encode: (t: 'item' | 'end', item?: unknown) => FramePayload,
    send: (payload: FramePayload) => void,
  ): Promise<void> {
    const { callWindow = 1, callWindowBytes = 1 } = this.#limits;
    for await (const item of items) {
      if (this.#isStopped) return;
      const payload = encode('item', item);
      const error = tooLargeError(payload, this.#limits);
      if (error) throw error;
      this.#size = Math.max(this.#size, payload.length);
      const most = Math.min(callWindow, callWindowBytes / this.#size);
      // One item may be larger than the window of bytes.
      while (this.#sent > this.#consumed && this.#sent - this.#consumed + 1 > most) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        if (this.#isStopped) return;
      }
      this.#sent++;
      send(payload);
    }
    if (!this.#isStopped) send(encode('end'));
  }

  /** Records the number of items that the server has consumed. */
  consumed(count: number): void {
    this.#consumed = count;
    this.#wake?.();
  }

  /** Sends no more items; the iterable ends with its next one. */
  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }
}
