import { MAX_FRAME_ID, type JsonLimits } from '../limits.js';
import type { ClientMessageFrame } from './frame.js';
import { plainData } from './plain-data.js';

/** A message frame of this repository's client up to its properties, with names without escapes. */
const START =
  // oxlint-disable-next-line no-control-regex -- JSON has no raw control characters in strings
  /^\{"t":"message","id":([1-9]\d{0,9}),"stream":"([^"\\\0-\x1f]{1,128})","type":"([^"\\\0-\x1f]{1,128})","data":(?=\{)/;

/** The frame object and its five keys. */
const FRAME_NODES = 6;

/**
 * Reads a message frame in its most frequent format without scanning its text.
 *
 * @returns undefined for any other text and for a frame beyond a limit; scan those
 */
export function readPlainMessage(text: string, limits: JsonLimits): ClientMessageFrame | undefined {
  const start = START.exec(text);
  if (!start) return undefined;
  const [head, number, stream = '', type = ''] = start;
  const id = Number(number);
  const data = id <= MAX_FRAME_ID && plainData(text, head.length, FRAME_NODES, limits);
  return data ? { t: 'message', id, stream, type, data } : undefined;
}
