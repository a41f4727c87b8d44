import { ErrorCode } from '../error/error-code.js';
import type { JsonLimits } from '../limits.js';

/** The reason to refuse a frame before decoding: a code, and a text for developers. */
export type Finding = readonly [code: string, message: string];

const RESERVED: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** The lengths of the reserved keys; keys of other lengths need no comparison. */
export const RESERVED_LENGTHS: readonly number[] = [9, 11];

/**
 * Returns true when a key is the tag of a Set or a Map.
 *
 * V8 hashes numbers in Sets and Maps without a seed. A sender could choose numbers that all collide, so that
 * each entry is compared with all others. So their entries are limited like the keys of an object.
 */
export function isCollectionTag(key: string): boolean {
  return key === '$set' || key === '$map';
}

/** Returns a finding for a reserved key; undefined for any other. */
export function findReserved(key: string): Finding | undefined {
  return RESERVED.includes(key) ? [ErrorCode.BadFrame, `The key "${key}" is reserved.`] : undefined;
}

/** The frame contains a field twice. */
export const REPEATED_FIELD: Finding = [ErrorCode.BadFrame, 'The frame contains a field twice.'];

/** A number loses precision when it is decoded. */
export const OUT_OF_RANGE: Finding = [
  ErrorCode.InvalidMessage,
  'A number is out of range: send large whole numbers as bigint.',
];

/** Returns the finding for too deep nesting. */
export function tooDeep({ maxDepth }: JsonLimits): Finding {
  return tooComplex(`is nested deeper than ${maxDepth} levels`);
}

/** Returns the finding for too many objects, arrays and keys. */
export function tooMany({ maxNodes }: JsonLimits): Finding {
  return tooComplex(`contains more than ${maxNodes} objects, arrays and keys`);
}

/** Returns the finding for too many keys of an object. */
export function tooManyKeys({ maxKeys }: JsonLimits): Finding {
  return tooComplex(`contains an object with more than ${maxKeys} keys`);
}

/** Returns the finding for too many entries of a Set or a Map. */
export function tooManyEntries({ maxKeys }: JsonLimits): Finding {
  return tooComplex(`contains a set or map with more than ${maxKeys} entries`);
}

/** Returns the finding for too many array items. */
export function tooManyItems({ maxItems }: JsonLimits): Finding {
  return tooComplex(`contains more than ${maxItems} array items`);
}

function tooComplex(what: string): Finding {
  return [ErrorCode.TooComplex, `The frame ${what}.`];
}
