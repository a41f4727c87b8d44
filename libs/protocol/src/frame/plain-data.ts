import type { JsonLimits } from '../limits.js';
import { mayHaveHalf } from '../value/well-formed.js';
import { TreeGuard } from './tree-guard.js';

// Longer texts are scanned before they are parsed.
const MAX_LENGTH = 8_192;
const FRAME_DEPTH = 1;

/**
 * Reads the properties of a message without scanning the text of their frame.
 *
 * They must be the last field of the frame.
 *
 * @param at the place of the properties
 * @param frameNodes the number of objects and keys of the frame around them
 * @returns undefined when the text is long, is not JSON, or is beyond a limit; scan it
 */
export function plainData(
  text: string,
  at: number,
  frameNodes: number,
  limits: JsonLimits,
): Record<string, unknown> | undefined {
  if (text.length > MAX_LENGTH || !text.endsWith('}}') || mayHaveHalf(text)) return undefined;
  // One of the nodes is the object of the frame, the others are its keys.
  if (frameNodes - 1 > limits.maxKeys) return undefined;
  const data = parse(text.slice(at, -1));
  return data && new TreeGuard(limits, frameNodes).accepts(data, FRAME_DEPTH + 1) ? data : undefined;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
