// One listener a signal, however many subscriptions a session has: Node warns of more than ten.
const actions = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Runs an action when the signal aborts; at once when it has aborted already.
 *
 * Returns the function that takes it back.
 */
export function onAbort(signal: AbortSignal, action: () => void): () => void {
  if (signal.aborted) {
    action();
    return () => undefined;
  }
  const set = actions.get(signal) ?? watch(signal);
  set.add(action);
  return () => set.delete(action);
}

function watch(signal: AbortSignal): Set<() => void> {
  const set = new Set<() => void>();
  actions.set(signal, set);
  const run = () => {
    actions.delete(signal);
    for (const action of set) action();
  };
  signal.addEventListener('abort', run, { once: true });
  return set;
}
