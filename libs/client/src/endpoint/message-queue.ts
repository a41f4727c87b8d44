/** The messages that wait for one reader. */
export interface MessageQueue<T> {
  readonly unread: T[];
  push(message: T): void;
  /** Ends the reading once what waits has been read; with an error, if there is one. */
  end(error?: unknown): void;
  read(): AsyncGenerator<T, undefined>;
}

/** Makes an empty queue. */
export function messageQueue<T>(): MessageQueue<T> {
  const unread: T[] = [];
  let ended: { error?: unknown } | undefined;
  let wake: (() => void) | undefined;
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
    async *read() {
      for (;;) {
        while (unread.length) yield unread.shift() as T;
        if (ended?.error) throw ended.error;
        if (ended) return undefined;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
