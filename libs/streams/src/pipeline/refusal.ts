const refusals = new WeakSet<object>();

/** Marks an error as a refusal, made before the application saw anything. */
export function asRefusal(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) refusals.add(error);
  return error;
}

/** Tells whether an error is a refusal; else the application answers with it. */
export function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && refusals.has(error);
}
