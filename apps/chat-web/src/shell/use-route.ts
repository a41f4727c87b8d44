import { useCallback, useSyncExternalStore } from 'react';
import { formatRoute, parseRoute, type Route } from './route.js';

/** Changes parts of the route; the others remain. */
export type Go = (change: Partial<Route>, options?: { readonly isReplaced?: boolean }) => void;

/** Returns the route of the address, and the function that changes it. */
export function useRoute(): [Route, Go] {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  const go = useCallback<Go>((change, { isReplaced = false } = {}) => {
    const next = formatRoute({ ...parseRoute(window.location.hash), ...change });
    if (next === window.location.hash) return;
    if (isReplaced) history.replaceState(null, '', next);
    else history.pushState(null, '', next);
    for (const listener of listeners) listener();
  }, []);
  return [parseRoute(hash), go];
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('popstate', listener);
  window.addEventListener('hashchange', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('popstate', listener);
    window.removeEventListener('hashchange', listener);
  };
}
