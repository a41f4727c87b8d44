import type { HistoryChannel } from '../../history/history-channel.js';

/** The least lifetime of the head of a history with messages, in milliseconds. */
export const LEAST_HEAD_MS = 604_800_000;
/** The lifetime of a head, as a multiple of the lifetime of its messages. */
const HEAD_TTL_FACTOR = 10;

/** Returns the lifetime of a history's head, in milliseconds. */
export function headMsOf({ history }: HistoryChannel): number {
  return Math.max(history.ageMs * HEAD_TTL_FACTOR, LEAST_HEAD_MS);
}
