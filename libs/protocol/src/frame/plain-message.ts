import { MAX_FRAME_ID, type JsonLimits } from '../limits.js';
import { mayHaveHalf } from '../value/well-formed.js';
import type { ClientMessageFrame } from './frame.js';
import { TreeGuard } from './tree-guard.js';

/** A message frame of this repository's client up to its properties, with names without escapes. */
const START =
  // oxlint-disable-next-line no-control-regex -- JSON has no raw control characters in strings
  /^\{"t":"message","id":([1-9]\d{0,9}),"stream":"([^"\\\0-\x1f]{1,128})","type":"([^"\\\0-\x1f]{1,128})","data":(?=\{)/;

// Longer texts are scanned before they are parsed.
const MAX_LENGTH = 8_192;
const FRAME_DEPTH = 1;
/** The frame object and its five keys. */
const FRAME_NODES = 6;

/**
 * Reads a message frame in its most frequent format without scanning its text.
 *
 * @returns undefined for any other text and for a frame beyond a limit; scan those
 */
export function readPlainMessage(text: string, limits: JsonLimits): ClientMessageFrame | undefined {
  const start = text.length <= MAX_LENGTH ? START.exec(text) : null;
  if (!start || !text.endsWith('}}') || mayHaveHalf(text)) return undefined;
  const [head, number, stream = '', type = ''] = start;
  const id = Number(number);
  const data = id <= MAX_FRAME_ID ? parse(text.slice(head.length, -1)) : undefined;
  if (!data || !new TreeGuard(limits, FRAME_NODES).accepts(data, FRAME_DEPTH + 1)) return undefined;
  return { t: 'message', id, stream, type, data };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
