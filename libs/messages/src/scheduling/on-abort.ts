import { slicedWork } from './sliced-work.js';

/** The state of a signal, in a form that is faster to read than the signal. */
export interface Life {
  readonly isOver: boolean;
}

interface OpenLife {
  isOver: boolean;
  readonly actions: Set<() => void>;
}

const OVER: Life = { isOver: true };

// One listener for each signal: Node warns of more than ten, and a session may have many subscriptions.
const lives = new WeakMap<AbortSignal, OpenLife>();

/** Returns the life that ends with the signal, before any `onAbort` action runs. */
export function lifeOf(signal: AbortSignal): Life {
  return signal.aborted ? OVER : openLifeOf(signal);
}

/**
 * Runs an action when the signal aborts; at once for an aborted signal.
 *
 * When a signal has many actions, some run in later turns of the event loop. Code that must stop exactly at
 * the abort checks `lifeOf`. Returns a function that removes the action.
 */
export function onAbort(signal: AbortSignal, action: () => void): () => void {
  if (signal.aborted) {
    action();
    return () => undefined;
  }
  const { actions } = openLifeOf(signal);
  actions.add(action);
  return () => actions.delete(action);
}

function openLifeOf(signal: AbortSignal): OpenLife {
  const known = lives.get(signal);
  if (known) return known;
  const life: OpenLife = { isOver: false, actions: new Set() };
  lives.set(signal, life);
  const end = (): void => {
    life.isOver = true;
    void slicedWork.forEach(life.actions, (action) => action());
  };
  signal.addEventListener('abort', end, { once: true });
  return life;
}
