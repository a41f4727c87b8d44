import { fromBase64, toBase64 } from './base64.js';
import { parseWellFormed, wellFormed } from './well-formed.js';

type Tree = Record<string, unknown>;

const NOT_FINITE = /^(NaN|-?Infinity)$/;

/**
 * Selects the values with a native type in MessagePack.
 *
 * These are dates, bytes, NaN and infinities.
 *
 * Lone surrogates in texts are replaced. A `bigint` keeps its tag, because a receiver could not tell it from
 * another integer. -0 keeps its tag, because MessagePack encoders write it as an integer.
 */
export function packedNatively(value: unknown): unknown {
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : value;
  // A date with its own toISOString() is encoded as JSON does; an invalid date is refused.
  if (value instanceof Date)
    return value.toISOString === Date.prototype.toISOString && value.getTime() === value.getTime()
      ? new Date(value.getTime())
      : undefined;
  return value instanceof Uint8Array ? new Uint8Array(value) : undefined;
}

/** Encodes a frame with native values as JSON with tags. */
export function tagNatives(frame: object): string {
  // The replacer receives a date as text already, so it reads the original from the object.
  return JSON.stringify(frame, function (this: Tree, key, value: unknown) {
    const own = this[key];
    if (own instanceof Date) return { $date: value };
    if (own instanceof Uint8Array) return { $bytes: toBase64(own) };
    return typeof own === 'number' && !Number.isFinite(own) ? { $number: `${own}` } : value;
  });
}

/**
 * Parses JSON properties; values of `packedNatively` become native.
 *
 * A malformed tag stays, and the receiver of the message refuses it.
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
  // The keys inside are not tags; their values may contain tags.
  if (key === '$plain' && Object(inner) === inner) return { $plain: untagEach(inner as Tree) };
  return nativeOf(key, inner) ?? untagEach(value as Tree);
}

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
