/**
 * @typedef {{ number: number, at: number }} Receipt the time at which a client got a message
 * @typedef {{ expected: number, delivered: number, lost: number, twice: number, outOfOrder: number }} Counts the
 *   messages that a client got, compared with those that were posted
 */

/**
 * Compares what a client got of one channel with what was posted to it: the numbers 1 to `last`.
 *
 * @param {readonly number[]} numbers as they came
 * @param {number} last
 * @param {readonly number[]} [refused] what was not stored, so that nobody has to get it
 * @returns {Counts}
 */
export function judgeOrder(numbers, last, refused = []) {
  const seen = new Set();
  const expected = last - refused.filter((number) => number <= last).length;
  let twice = 0;
  let outOfOrder = 0;
  let highest = 0;
  for (const number of numbers) {
    if (number > last) continue;
    if (seen.has(number)) twice++;
    else if (number < highest) outOfOrder++;
    seen.add(number);
    highest = Math.max(highest, number);
  }
  return { expected, delivered: seen.size, lost: expected - seen.size, twice, outOfOrder };
}

/**
 * Adds counts up.
 *
 * @param {readonly Counts[]} counts
 * @returns {Counts}
 */
export function sumOf(counts) {
  const sum = { expected: 0, delivered: 0, lost: 0, twice: 0, outOfOrder: 0 };
  for (const one of counts)
    for (const name of /** @type {(keyof Counts)[]} */ (Object.keys(sum))) sum[name] += one[name];
  return sum;
}

/**
 * How long after each outage a client had all that was posted up to its return; `replayMs` is undefined where it
 * never had. An outage that comes before the client has caught up with the last one is counted as one with it.
 *
 * @param {readonly Receipt[]} receipts
 * @param {readonly number[]} postedAt when each message was posted, the first has the number 1
 * @param {readonly { cutAt: number, backAt: number }[]} outages
 * @returns {{ awayMs: number, replayMs: number | undefined }[]}
 */
export function judgeReturns(receipts, postedAt, outages) {
  const firstAt = new Map();
  for (const { number, at } of receipts) if (!firstAt.has(number)) firstAt.set(number, at);
  const returns = [];
  /** @type {number | undefined} */
  let began;
  for (const [index, { cutAt, backAt }] of outages.entries()) {
    began ??= cutAt;
    const caughtUpAt = caughtUp({ firstAt, postedAt, cutAt: began, backAt });
    if (caughtUpAt !== undefined && caughtUpAt > (outages[index + 1]?.cutAt ?? Infinity)) continue;
    const replayMs = caughtUpAt === undefined ? undefined : caughtUpAt - backAt;
    returns.push({ awayMs: backAt - began, replayMs });
    began = undefined;
  }
  return returns;
}

/**
 * When a client had all that was posted up to its return; undefined if never.
 *
 * @param {{ firstAt: ReadonlyMap<number, number>, postedAt: readonly number[], cutAt: number, backAt: number }} outage
 */
function caughtUp({ firstAt, postedAt, cutAt, backAt }) {
  let latest = backAt;
  for (const [index, posted] of postedAt.entries()) {
    if (posted > backAt) break;
    const at = firstAt.get(index + 1);
    // A message that was lost before this outage does not count again.
    if (at === undefined && posted > cutAt) return undefined;
    if (at !== undefined) latest = Math.max(latest, at);
  }
  return latest;
}

/**
 * The value that a share of all values does not exceed; NaN if there is none.
 *
 * @param {readonly number[]} values
 * @param {number} share
 */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
