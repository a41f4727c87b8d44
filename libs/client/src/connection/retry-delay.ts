import type { CloseCode } from '@nestwire/protocol';
import type { ResolvedOptions } from '../client-options.js';

const RATE_LIMITED: typeof CloseCode.RateLimited = 4004;
const RATE_LIMITED_MIN_MS = 5_000;

/**
 * Returns how long to wait before the next attempt, in milliseconds.
 *
 * A random part of a bound that doubles with each failure; of the server's spread, if it gave one;
 * and never under 5 s after sending too much.
 */
export function retryDelay(
  code: number,
  failures: number,
  spreadMs: number | undefined,
  { clock, minRetryMs, maxRetryMs }: ResolvedOptions,
): number {
  const bound = spreadMs ?? Math.min(maxRetryMs, minRetryMs * 2 ** failures);
  const delayMs = clock.random() * bound;
  return Math.round(code === RATE_LIMITED ? RATE_LIMITED_MIN_MS + delayMs : delayMs);
}
