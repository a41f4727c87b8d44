import { addListener, type Listeners } from '../listeners.js';

/**
 * Calls `decide` at each change.
 *
 * Resolves when it returns true, rejects when it returns an error.
 */
export function untilDecided(listeners: Listeners, decide: () => true | Error | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const decision = decide();
      if (!decision) return;
      stop();
      if (decision === true) resolve();
      else reject(decision);
    };
    const stop = addListener(listeners, look);
    look();
  });
}
