/**
 * Collects garbage at once.
 *
 * @throws {Error} when node was started without --expose-gc
 */
export function runGc() {
  if (!globalThis.gc) throw new Error('Start node with --expose-gc.');
  globalThis.gc();
}
