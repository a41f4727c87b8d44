/** How long a test waits for something. */
export interface WaitOptions {
  /** Time until the wait fails, in milliseconds. @default 2_000 */
  readonly withinMs?: number;
}

const DEFAULT_WITHIN_MS = 2_000;

/**
 * Waits for a promise, but not for ever.
 *
 * @param describe says what was waited for, and what came instead
 */
export async function withinDeadline<T>(
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
