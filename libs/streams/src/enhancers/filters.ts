import { isObservable, lastValueFrom } from 'rxjs';
import { errorLog } from './error-log.js';
import { isAnswerable } from './error-reply.js';
import type { BoundFilter } from './nest-compat.js';
import type { StreamContext } from './stream-context.js';

/**
 * Passes an error once to the first filter that catches it.
 *
 * If the filter returns or throws an error, that is sent. A returned message, array or iterable of messages
 * becomes the result of the call. Otherwise the original error is sent.
 *
 * @throws {unknown} the error to send
 */
export async function applyFilters(
  filters: readonly BoundFilter[],
  error: unknown,
  context: StreamContext,
): Promise<unknown> {
  const filter = filters.find((candidate) => catches(candidate, error));
  if (!filter) throw error;
  const outcome = await callFilter(filter, error, context);
  if (outcome instanceof Error || !isSendable(outcome)) throw outcome instanceof Error ? outcome : error;
  return outcome;
}

function catches({ exceptionMetatypes }: BoundFilter, error: unknown): boolean {
  return !exceptionMetatypes.length || exceptionMetatypes.some((type) => error instanceof type);
}

async function callFilter(filter: BoundFilter, error: unknown, context: StreamContext): Promise<unknown> {
  try {
    const outcome: unknown = await filter.func(error, context);
    return isObservable(outcome) ? await lastValueFrom(outcome, { defaultValue: undefined }) : outcome;
  } catch (thrown) {
    if (thrown === error || isAnswerable(thrown)) return thrown instanceof Error ? thrown : undefined;
    // A filter for HTTP fails on a session; the client must still receive an error.
    errorLog.error(
      'filter',
      `An exception filter failed in a stream (context.getType() is 'ws'); the original error is sent. ${String(thrown)}`,
      thrown,
    );
    return undefined;
  }
}

function isSendable(outcome: unknown): boolean {
  if (typeof outcome !== 'object' || outcome === null) return false;
  return Array.isArray(outcome) || '$type' in outcome || Symbol.asyncIterator in outcome;
}
