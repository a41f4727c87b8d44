/** The errors that are refusals, and the time that the event loop spent on each in later turns. */
const refusals = new WeakMap<object, number>();

/**
 * Marks an error as a refusal: it is charged to the client that caused it.
 *
 * @param laterMs the time that the event loop spent on it in later turns than that of its frame
 */
export function asRefusal(error: unknown, laterMs = 0): unknown {
  if (typeof error === 'object' && error !== null) refusals.set(error, laterMsOf(error) + laterMs);
  return error;
}

/** Tells whether an error is a refusal; else the application answers with it. */
export function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && refusals.has(error);
}

/** Returns how many milliseconds of later turns a refusal took. */
export function laterMsOf(error: unknown): number {
  return typeof error === 'object' && error !== null ? (refusals.get(error) ?? 0) : 0;
}
