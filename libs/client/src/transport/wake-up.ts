interface Target {
  addEventListener(type: string, listener: () => void, options: { signal: AbortSignal }): void;
}

/**
 * Calls back when the network returns or the page becomes visible.
 *
 * On platforms without these events, such as Node, it does nothing.
 *
 * @returns a function that stops it
 */
export function onWakeUp(wake: () => void): () => void {
  const page = globalThis as Partial<Target> & { document?: Target & { hidden: boolean } };
  const { document } = page;
  // An AbortController passes as the listeners' options, because its only relevant property is `signal`.
  const watch = new AbortController();
  page.addEventListener?.('online', wake, watch);
  document?.addEventListener('visibilitychange', () => document.hidden || wake(), watch);
  return () => watch.abort();
}
