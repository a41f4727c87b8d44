/** The unread messages of one reader. */
export interface MessageQueue<T> {
  readonly unread: T[];
  push(message: T): void;
  /** Ends the reader after its unread messages; with an error, if there is one. */
  end(error?: unknown): void;
  /**
   * Starts the reader; its `return()` ends it, even while it waits, and calls `left`.
   *
   * `taken` is called for each message that leaves the queue.
   */
  read(left: () => void, taken: () => void): AsyncGenerator<T, undefined>;
}

/** Makes an empty queue. */
export function messageQueue<T>(): MessageQueue<T> {
  const unread: T[] = [];
  let ended: { error?: unknown } | undefined;
  let wake: (() => void) | undefined;
  async function* loop(taken: () => void): AsyncGenerator<T, undefined> {
    while (unread.length || !ended)
      if (unread.length) {
        const message = unread.shift() as T;
        taken();
        yield message;
      } else await new Promise<void>((resolve) => (wake = resolve));
    if (ended.error) throw ended.error;
    return undefined;
  }
  return {
    unread,
    push(message) {
      unread.push(message);
      wake?.();
    },
    end(error) {
      ended ??= { error };
      wake?.();
    },
    read(left, taken) {
      const reader = loop(taken);
      const leave = reader.return.bind(reader);
      reader.return = () => {
        unread.length = 0;
        this.end();
        left();
        taken();
        return leave(undefined);
      };
      return reader;
    },
  };
}
