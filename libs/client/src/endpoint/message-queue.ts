/** The messages that wait for one reader. */
export class MessageQueue<T> {
  readonly unread: T[] = [];
  #ended = false;
  #error: unknown;
  #wake?: () => void;

  push(message: T): void {
    if (!this.#ended) this.unread.push(message);
    this.#wake?.();
  }

  /** Ends the reading once what waits has been read; with an error, if there is one. */
  end(error?: unknown): void {
    if (!this.#ended) this.#error = error;
    this.#ended = true;
    this.#wake?.();
  }

  async *read(): AsyncGenerator<T, undefined> {
    for (;;) {
      while (this.unread.length) yield this.unread.shift()!;
      if (this.#error) throw this.#error;
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
