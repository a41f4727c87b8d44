/** The time limit of a wait. */
export interface WaitOptions {
  /** Time limit, in milliseconds. @default 2_000 */
  readonly withinMs?: number;
}

const DEFAULT_WITHIN_MS = 2_000;

/**
 * Waits for a promise up to a deadline.
 *
 * @param describe returns the text of the error: what was expected, and what happened instead
 */
export async function awaitWithin<T>(
  promise: Promise<T>,
  { withinMs = DEFAULT_WITHIN_MS }: WaitOptions,
  describe: () => string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${describe()} Waited for ${withinMs} ms.`)), withinMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
