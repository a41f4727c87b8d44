/** Codes that refuse one attempt; an earlier one may have been handled. */
export const REFUSED: readonly string[] = [
  'BUSY',
  'RATE_LIMITED',
  'DRAINING',
  'STREAM_NOT_OPEN',
  'UNAVAILABLE',
  'OVERLOADED',
];
