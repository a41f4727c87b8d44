/**
 * A resolved promise.
 *
 * A listener returns it when there is nothing to wait for. It cannot reject, so the caller need not follow it.
 */
export const DONE: Promise<void> = Promise.resolve();
