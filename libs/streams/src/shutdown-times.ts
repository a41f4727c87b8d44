import type { ShutdownOptions } from './streams.options.js';

const DEFAULT_SPREAD_MS = 5_000;
const DEFAULT_DEADLINE_MS = 10_000;
const IS_PRODUCTION = process.env.NODE_ENV === 'production';

/**
 * Returns the options of the shutdown, with their defaults.
 *
 * A shorter deadline lowers the default of the spread.
 */
export function resolveShutdown(given: Partial<ShutdownOptions> = {}): ShutdownOptions {
  const { deadlineMs = DEFAULT_DEADLINE_MS, closeListener = IS_PRODUCTION ? 'last' : 'first' } = given;
  const { spreadMs = Math.min(DEFAULT_SPREAD_MS, deadlineMs) } = given;
  return { spreadMs, deadlineMs, closeListener };
}
