import type { Clock } from '../../scheduling/clock.js';
import type { ResolvedTuning } from './redis.options.js';

/** Settles like the promise, or rejects after the deadline of a command. */
export function withinDeadline<T>(
  promise: Promise<T>,
  { clock, commandTimeoutMs }: Pick<ResolvedTuning, 'clock' | 'commandTimeoutMs'>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(commandTimeoutMs, () =>
      reject(new Error(`no reply within ${commandTimeoutMs} ms`)),
    );
    promise.then(resolve, reject).finally(cancel);
  });
}

/** Resolves when the promise has settled, or after the given time. */
export function settledWithin(promise: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    promise.then(resolve as () => void, () => resolve()).finally(cancel);
  });
}
