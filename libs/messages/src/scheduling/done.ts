/**
 * A promise that has resolved already.
 *
 * A listener may return it where there is nothing to wait for: it is known not to reject, so that
 * nobody has to follow it.
 */
export const DONE: Promise<void> = Promise.resolve();
