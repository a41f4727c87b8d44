import { MAX_FRAME_ID, type JsonLimits } from '../limits.js';
import type { CallFrame, ClientItemFrame } from './call-frame.js';
import { plainData } from './plain-data.js';

/** A call frame of this repository's client up to its properties, with names without escapes. */
const CALL =
  // oxlint-disable-next-line no-control-regex -- JSON has no raw control characters in strings
  /^\{"t":"call","id":([1-9]\d{0,9}),"stream":"([^"\\\0-\x1f]{1,128})","method":"([^"\\\0-\x1f]{1,128})","callId":"([\w-]{22})","window":([1-9]\d{0,9})(?:,"timeoutMs":([1-9]\d{0,9}))?(,"items":true)?,"type":"([^"\\\0-\x1f]{1,128})","data":(?=\{)/;

/** An item frame of this repository's client up to its properties. */
const ITEM =
  // oxlint-disable-next-line no-control-regex -- JSON has no raw control characters in strings
  /^\{"t":"item","call":([1-9]\d{0,9}),"type":"([^"\\\0-\x1f]{1,128})","data":(?=\{)/;

/** The frame object and its eight or more keys. */
const CALL_NODES = 9;
/** The frame object and its four keys. */
const ITEM_NODES = 5;

/**
 * Reads a call frame in its most frequent format without scanning its text.
 *
 * @returns undefined for any other text and for a frame beyond a limit; scan those
 */
export function readPlainCall(text: string, limits: JsonLimits): CallFrame | undefined {
  const start = CALL.exec(text);
  if (!start) return undefined;
  const [head, number, stream = '', method = '', callId, room, limit, sends, type = ''] = start;
  const [id, size] = [Number(number), Number(room)];
  const timeoutMs = limit === undefined ? undefined : Number(limit);
  if (id > MAX_FRAME_ID || size > MAX_FRAME_ID || (timeoutMs ?? 0) > MAX_FRAME_ID) return undefined;
  const items = sends === undefined ? undefined : true;
  const nodes = CALL_NODES + (items ? 1 : 0) + (timeoutMs ? 1 : 0);
  const data = plainData(text, head.length, nodes, limits);
  if (!data) return undefined;
  return { t: 'call', id, stream, method, callId, window: size, timeoutMs, items, type, data };
}

/**
 * Reads an item frame in its most frequent format without scanning its text.
 *
 * @returns undefined for any other text and for a frame beyond a limit; scan those
 */
export function readPlainItem(text: string, limits: JsonLimits): ClientItemFrame | undefined {
  const start = ITEM.exec(text);
  if (!start) return undefined;
  const [head, number, type = ''] = start;
  const call = Number(number);
  const data = call <= MAX_FRAME_ID && plainData(text, head.length, ITEM_NODES, limits);
  return data ? { t: 'item', call, type, data } : undefined;
}
