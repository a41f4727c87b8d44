/** What a client got, beside what was posted. */
export interface Counts {
  readonly expected: number;
  readonly delivered: number;
  readonly lost: number;
  readonly twice: number;
  readonly outOfOrder: number;
}

/** When a client got which message. */
export interface Receipt {
  readonly number: number;
  readonly at: number;
}

/** How a client came back. */
export interface Return {
  readonly awayMs: number;
  /** Until it had all that was posted before its return; undefined: it never had. */
  readonly replayMs: number | undefined;
}

/** Compares what a client got with the numbers 1 to `last`, without what was refused. */
export function judgeOrder(numbers: readonly number[], last: number, refused?: readonly number[]): Counts;
/** Adds counts up. */
export function sumOf(counts: readonly Counts[]): Counts;
/** Returns how each outage ended; those before the client had caught up are one with the next. */
export function judgeReturns(
  receipts: readonly Receipt[],
  postedAt: readonly number[],
  outages: ReadonlyArray<{ readonly cutAt: number; readonly backAt: number }>,
): Return[];
/** Returns the value that a share of all does not exceed; NaN if there is none. */
export function quantile(values: readonly number[], share: number): number;
