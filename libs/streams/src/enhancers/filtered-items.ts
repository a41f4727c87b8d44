import { catchError, from, isObservable, type Observable } from 'rxjs';

/** Converts an error; resolves to a last item, or rejects with the error to send. */
export type FilterError = (error: unknown) => Promise<unknown>;

/**
 * Passes the errors of items to the filters of their method.
 *
 * It returns a value that is no AsyncIterable or Observable unchanged.
 */
export function filteredItems(value: unknown, filter: FilterError): unknown {
  if (isObservable(value)) return filteredObservable(value, filter);
  if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return value;
  return new FilteredItems(value as AsyncIterable<unknown>, filter);
}

function filteredObservable(items: Observable<unknown>, filter: FilterError): Observable<unknown> {
  return items.pipe(catchError((error: unknown) => from(filter(error))));
}

/** An iterable whose first error goes through filters. */
class FilteredItems implements AsyncIterable<unknown> {
  constructor(
    private readonly items: AsyncIterable<unknown>,
    private readonly filter: FilterError,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    const iterator = this.items[Symbol.asyncIterator]();
    let hasFailed = false;
    const failed = async (error: unknown): Promise<IteratorResult<unknown>> => {
      hasFailed = true;
      return { done: false, value: await this.filter(error) };
    };
    return {
      next: async () => {
        if (hasFailed) return { done: true, value: undefined };
        try {
          return await iterator.next();
        } catch (error) {
          return failed(error);
        }
      },
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    };
  }
}
