import { ErrorCode } from '../error/error-code.js';
import type { JsonLimits } from '../limits.js';

/** Why what was received must not be decoded: a code, and a text for developers. */
export type Finding = readonly [code: string, message: string];

const RESERVED: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** The lengths of the keys that have a meaning for objects: others need no look. */
export const RESERVED_LENGTHS: readonly number[] = [9, 11];

/**
 * Tells whether a key is the tag of a Set or a Map.
 *
 * V8 hashes the numbers in them without a seed: a sender can choose numbers that all collide, and then each
 * entry is compared with all others. So their number is limited as that of an object's keys.
 */
export function isCollectionTag(key: string): boolean {
  return key === '$set' || key === '$map';
}

/** Finds a key that has a meaning for objects. */
export function findReserved(key: string): Finding | undefined {
  return RESERVED.includes(key) ? [ErrorCode.BadFrame, `The key "${key}" is reserved.`] : undefined;
}

/** A field of the frame stands there again. */
export const REPEATED_FIELD: Finding = [ErrorCode.BadFrame, 'A field of the frame stands there twice.'];

/** A number may not be the one that was sent. */
export const OUT_OF_RANGE: Finding = [
  ErrorCode.InvalidMessage,
  'A number is out of range: send large whole numbers as bigint.',
];

/** Finds what nests too deep. */
export function tooDeep({ maxDepth }: JsonLimits): Finding {
  return tooComplex(`nests deeper than ${maxDepth} levels`);
}

/** Finds more objects, arrays and keys than a frame may hold. */
export function tooMany({ maxNodes }: JsonLimits): Finding {
  return tooComplex(`holds more than ${maxNodes} objects, arrays and keys`);
}

/** Finds more keys than an object may have. */
export function tooManyKeys({ maxKeys }: JsonLimits): Finding {
  return tooComplex(`has an object of more than ${maxKeys} keys`);
}

/** Finds more entries than a Set or a Map may have. */
export function tooManyEntries({ maxKeys }: JsonLimits): Finding {
  return tooComplex(`has a set or map of more than ${maxKeys} entries`);
}

/** Finds more items of arrays than a frame may hold. */
export function tooManyItems({ maxItems }: JsonLimits): Finding {
  return tooComplex(`holds more than ${maxItems} items of arrays`);
}

function tooComplex(what: string): Finding {
  return [ErrorCode.TooComplex, `The frame ${what}.`];
}
