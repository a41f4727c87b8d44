import { fromBase64, toBase64 } from './base64.js';
import { parseWellFormed, wellFormed } from './well-formed.js';

type Tree = Record<string, unknown>;

const NOT_FINITE = /^(NaN|-?Infinity)$/;

/**
 * Takes what MessagePack has a form for: dates, bytes, NaN and infinities.
 *
 * Texts are mended where they are no Unicode.
 * Big integers keep their tag: a receiver could not tell them from other whole numbers. So does
 * -0, which is a whole number to writers of MessagePack.
 */
export function packedNatively(value: unknown): unknown {
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : value;
  // A date may have a way of its own to write itself, and an invalid one is refused.
  if (value instanceof Date)
    return value.toISOString === Date.prototype.toISOString && value.getTime() === value.getTime()
      ? new Date(value.getTime())
      : undefined;
  return value instanceof Uint8Array ? new Uint8Array(value) : undefined;
}

/** Writes a frame with such values as JSON, with their tags. */
export function tagNatives(frame: object): string {
  // Before a replacer sees a date, the date has made itself a text.
  return JSON.stringify(frame, function (this: Tree, key, value: unknown) {
    const own = this[key];
    if (own instanceof Date) return { $date: value };
    if (own instanceof Uint8Array) return { $bytes: toBase64(own) };
    return typeof own === 'number' && !Number.isFinite(own) ? { $number: `${own}` } : value;
  });
}

/**
 * Reads properties in JSON; what `packedNatively` takes stands for itself.
 *
 * A tag that names nothing stays a tag: whoever reads the message refuses it.
 */
export function readNatively(data: string): object {
  const tree = parseWellFormed(data) as Tree;
  return data.includes('"$') ? untagEach(tree) : tree;
}

function untag(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const [key, second] = Object.keys(value);
  if (key?.[0] !== '$' || second !== undefined) return untagEach(value as Tree);
  const inner = (value as Tree)[key];
  // The keys inside are no tags; what they hold may have some.
  if (key === '$plain' && Object(inner) === inner) return { $plain: untagEach(inner as Tree) };
  return nativeOf(key, inner) ?? untagEach(value as Tree);
}

/** The tree has just been read and is nobody else's. */
function untagEach(tree: Tree): Tree {
  for (const key of Object.keys(tree)) {
    const value = tree[key];
    if (typeof value === 'object') tree[key] = untag(value);
  }
  return tree;
}

function nativeOf(tag: string, text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  if (tag === '$bytes') return bytesOf(text);
  if (tag === '$number') return NOT_FINITE.test(text) ? Number(text) : undefined;
  const date = tag === '$date' ? new Date(text) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date : undefined;
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return fromBase64(base64);
  } catch {
    return undefined;
  }
}
