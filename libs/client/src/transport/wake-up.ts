interface Target {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

/**
 * Calls back when the network returns or the page becomes visible.
 *
 * Where the platform has no such events, as Node, nothing is called.
 *
 * @returns a function that stops it
 */
export function onWakeUp(wake: () => void): () => void {
  const page = globalThis as Target & { document?: Target & { visibilityState: string } };
  const { document } = page;
  const seen = () => document?.visibilityState === 'visible' && wake();
  page.addEventListener?.('online', wake);
  document?.addEventListener?.('visibilitychange', seen);
  return () => {
    page.removeEventListener?.('online', wake);
    document?.removeEventListener?.('visibilitychange', seen);
  };
}
