/** Wrapped listeners, one function for each call of `addListener`. */
export type Listeners = Set<() => void>;

/** Adds a function; returns the function that removes it. */
export function addListener(listeners: Listeners, run: () => void): () => void {
  listeners.add(run);
  return () => void listeners.delete(run);
}

/** Calls the listeners in the order of adding; an exception becomes a warning. */
export function callListeners(listeners: Listeners, warn: (text: string, cause: unknown) => void): void {
  for (const run of [...listeners])
    try {
      run();
    } catch (error) {
      warn('nestwire: a listener threw', error);
    }
}
