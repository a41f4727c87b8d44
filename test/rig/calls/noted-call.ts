import type { Done } from './work.app.js';

/** The shapes of calls. */
export const SHAPES = ['reply', 'once', 'watch', 'upload', 'echo', 'generate'] as const;
/** One of them. */
export type Shape = (typeof SHAPES)[number];

/** One call of a client, or one reader of a resumed call, with what it got. */
export interface NotedCall {
  readonly name: string;
  readonly id: string;
  readonly user: string;
  readonly shape: Shape;
  readonly count: number;
  /** The call that it reads, when a device resumes it by its id. */
  readonly origin: NotedCall | undefined;
  /** True when that call was stored at the time of the resume. */
  readonly isStored: boolean;
  /** The time after which the call has an end, in milliseconds. */
  readonly deadlineMs: number;
  readonly startedAtMs: number;
  endedAtMs: number;
  /** The time at which the reader went on last, in milliseconds. */
  calmAtMs: number;
  /** The numbers of the items that the reader got. */
  readonly got: number[];
  /** The ends of the call: one for a right client. */
  readonly ends: string[];
  reply?: Done;
  /** The `received` of CALL_LOST. */
  received?: number;
  /** True when this reader has cancelled or left the call. */
  isCancelled: boolean;
  /** The calls of `cancel()` that have not resolved. */
  cancelling: number;
  /** The number of faults of its client before the call, and at its end. */
  readonly faults: number;
  faultsAtEnd: number;
  cancel(): void;
  /** Ends the wait of a slow reader. */
  goOn(): void;
  isSlow: boolean;
  leaves: boolean;
}

/** Returns whether a call of this shape brings items. */
export function bringsItems(shape: Shape): boolean {
  return shape === 'watch' || shape === 'echo' || shape === 'generate';
}
