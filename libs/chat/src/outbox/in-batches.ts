import type { Queries } from '../database/chat-database.js';
import type { ChatWork } from './chat-work.js';

/** The rows that one transaction changes, so that others can work in between. */
const BATCH = 200;

/**
 * Repeats a change of many rows, each time in a short transaction.
 *
 * Returns the number of all rows. After a failure it can be repeated from the beginning.
 *
 * @param step changes up to the given number of rows; returns their number, which is lower when there are no more
 */
export async function inBatches(
  work: ChatWork,
  step: (queries: Queries, limit: number) => Promise<number>,
): Promise<number> {
  let sum = 0;
  for (let count = BATCH; count === BATCH; sum += count)
    count = await work.change((queries) => step(queries, BATCH));
  return sum;
}
