/** The errors that are refusals, with their CPU time in later turns of the event loop. */
const refusals = new WeakMap<object, number>();

/**
 * Marks an error as a refusal, which is charged to the client.
 *
 * @param laterMs the CPU time in later turns than that of the frame
 */
export function asRefusal(error: unknown, laterMs = 0): unknown {
  if (typeof error === 'object' && error !== null) refusals.set(error, laterMsOf(error) + laterMs);
  return error;
}

/** Returns true for a refusal; other errors come from the application. */
export function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && refusals.has(error);
}

/** Returns the CPU time of a refusal in later turns, in milliseconds. */
export function laterMsOf(error: unknown): number {
  return typeof error === 'object' && error !== null ? (refusals.get(error) ?? 0) : 0;
}
