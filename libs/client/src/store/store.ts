import { addListener, callListeners, type Listeners } from '../listeners.js';

/** A value that changes over time, in the form that UI frameworks subscribe to. */
export interface Store<T> {
  /** The value before the first change; a server renders it. */
  readonly initial: T;
  /** Returns the current value: the same object until it changes. */
  readonly get: () => T;
  /** Calls back after changes, at most once in a task; returns the function that ends this. */
  readonly subscribe: (onChange: () => void) => () => void;
}

/** Settings of a store that reads a source. */
export interface StoreOptions {
  /**
   * Time that the store goes on without subscribers, in milliseconds.
   *
   * A component that React mounts twice, suspends or hides for less time misses nothing. After it the source
   * ends, and the next subscriber begins with the initial value. @default 5_000
   */
  readonly keepMs?: number;
}

/** Starts a source; returns the function that ends it. */
export type StartSource<T> = (publish: (value: T) => void) => () => void;

/** Makes a store whose source runs while it has subscribers, and `keepMs` longer. */
export function sourceStore<T>(
  initial: T,
  start: StartSource<T>,
  { keepMs = 5_000 }: StoreOptions = {},
): Store<T> {
  const listeners: Listeners = new Set();
  let value = initial;
  let next = initial;
  let stop: (() => void) | undefined;
  let publishTimer: ReturnType<typeof setTimeout> | undefined;
  let keepTimer: ReturnType<typeof setTimeout> | undefined;
  const publish = (published: T): void => {
    next = published;
    // A burst of messages renders once.
    publishTimer ??= setTimeout(() => {
      publishTimer = undefined;
      if (value === next) return;
      value = next;
      callListeners(listeners, console.warn);
    });
  };
  const end = (): void => {
    stop?.();
    stop = undefined;
  };
  return {
    initial,
    get: () => value,
    subscribe(onChange) {
      clearTimeout(keepTimer);
      if (!stop) {
        value = next = initial;
        stop = start(publish);
      }
      const remove = addListener(listeners, () => onChange());
      return () => {
        remove();
        clearTimeout(keepTimer);
        if (listeners.size || keepMs === Infinity) return;
        keepTimer = setTimeout(end, keepMs);
        // In Node the timer keeps no process alive.
        (keepTimer as { unref?: () => void }).unref?.();
      };
    },
  };
}
