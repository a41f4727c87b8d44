interface Target {
  addEventListener(type: string, listener: () => void, options: { signal: AbortSignal }): void;
}

/**
 * Calls back when the network returns or the page becomes visible.
 *
 * Where the platform has no such events, as Node, nothing is called.
 *
 * @returns a function that stops it
 */
export function onWakeUp(wake: () => void): () => void {
  const page = globalThis as Partial<Target> & { document?: Target & { hidden: boolean } };
  const { document } = page;
  // The controller has the one option that the listeners need: its signal.
  const watch = new AbortController();
  page.addEventListener?.('online', wake, watch);
  document?.addEventListener('visibilitychange', () => document.hidden || wake(), watch);
  return () => watch.abort();
}
