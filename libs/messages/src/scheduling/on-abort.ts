import { slicedWork } from './sliced-work.js';

/** Tells whether a signal has aborted, without the cost of asking the signal. */
export interface Life {
  readonly isOver: boolean;
}

interface OpenLife {
  isOver: boolean;
  readonly actions: Set<() => void>;
}

const OVER: Life = { isOver: true };

// One listener a signal, however many subscriptions a session has: Node warns of more than ten.
const lives = new WeakMap<AbortSignal, OpenLife>();

/** Returns the life that ends with the signal, before any `onAbort` action runs. */
export function lifeOf(signal: AbortSignal): Life {
  return signal.aborted ? OVER : openLifeOf(signal);
}

/**
 * Runs an action when the signal aborts; at once when it has aborted already.
 *
 * Where many actions wait for a signal, those that do not fit into its turn run in later ones: who must do
 * nothing more from the abort on looks at `lifeOf`. Returns the function that takes the action back.
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
