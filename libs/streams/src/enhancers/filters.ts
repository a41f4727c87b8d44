import { isObservable, lastValueFrom } from 'rxjs';
import { errorLog } from './error-log.js';
import { isAnswerable } from './error-reply.js';
import type { BoundFilter } from './nest-compat.js';
import type { StreamContext } from './stream-context.js';

/**
 * Gives an error to the first filter that catches it, once.
 *
 * A filter that returns an error, or throws one, answers with it; one that returns a message, an array or an
 * iterable of messages settles the call with that. After anything else the original error stands.
 *
 * @throws {unknown} the error that answers the call
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
    // A filter written for HTTP fails on a session; the client is still told what happened to its message.
    errorLog.error(
      'filter',
      `An exception filter failed in a stream (context.getType() is 'ws'); the original error is answered. ${String(thrown)}`,
      thrown,
    );
    return undefined;
  }
}

function isSendable(outcome: unknown): boolean {
  if (typeof outcome !== 'object' || outcome === null) return false;
  return Array.isArray(outcome) || '$type' in outcome || Symbol.asyncIterator in outcome;
}
