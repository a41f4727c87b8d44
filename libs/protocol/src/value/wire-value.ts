import { CodedError } from '../error/coded-error.js';
import type { ErrorCode } from '../error/error-code.js';
import { MAX_BIGINT_DIGITS } from '../limits.js';
import { messageClassNamed, messageNameOf } from '../message/message.registry.js';
import { reviveMessage } from '../message/message.reviver.js';
import { fromBase64, toBase64 } from './base64.js';

/** A value as JSON holds it: what is left of a message once its tags are written. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

type Path = Array<string | number>;

const MAX_DEPTH = 30;
const BIGINT = new RegExp(`^-?\\d{1,${MAX_BIGINT_DIGITS}}$`);
const DATE = /^[+-]?\d{4,6}-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?)?$/;

/**
 * Turns a value into JSON, with a tag on each thing that JSON lacks.
 *
 * `Date` becomes `{"$date": …}`, `bigint` `{"$bigint": …}`, bytes `{"$bytes": …}`, `Map`
 * `{"$map": …}`, `Set` `{"$set": …}`, NaN, infinities and -0 `{"$number": …}`; a nested message
 * carries its `$type`. Undefined properties are left out.
 *
 * @throws {CodedError} NOT_ENCODABLE with the path of a value that cannot travel
 */
export function encodeValue(value: unknown, path: Path = []): JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : `${value}` };
    case 'bigint':
      return encodeBigInt(value, path);
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : encodeObject(value, path);
    default:
      throw notEncodable(path, `a ${typeof value}`);
  }
}

/** Turns the properties of a message, or of a plain object, into JSON. */
export function encodeProperties(value: object, path: Path = []): { [key: string]: JsonValue } {
  const properties: { [key: string]: JsonValue } = {};
  for (const key of Object.keys(value)) {
    const property = (value as Record<string, unknown>)[key];
    if (property === undefined || key === '$type') continue;
    path.push(key);
    properties[key] = encodeValue(property, path);
    path.pop();
  }
  return properties;
}

function encodeBigInt(value: bigint, path: Path): JsonValue {
  const digits = value.toString();
  if (!BIGINT.test(digits)) throw notEncodable(path, `a bigint of more than ${MAX_BIGINT_DIGITS} digits`);
  return { $bigint: digits };
}

function encodeObject(value: object, path: Path): JsonValue {
  if (path.length >= MAX_DEPTH)
    throw notEncodable(path, `nesting deeper than ${MAX_DEPTH} levels, or a cycle`);
  if (Array.isArray(value)) return encodeItems(value, path);
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw notEncodable(path, 'an invalid Date');
    return { $date: value.toISOString() };
  }
  if (value instanceof Map) return { $map: encodeItems([...value], path) };
  if (value instanceof Set) return { $set: encodeItems([...value], path) };
  if (value instanceof Uint8Array) return { $bytes: toBase64(value) };
  if (isOpaque(value)) throw notEncodable(path, `a ${value.constructor.name}`);
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    return encodeValue((value as { toJSON(): unknown }).toJSON(), path);
  }
  const name = messageNameOf(value.constructor);
  const properties = encodeProperties(value, path);
  if (name) return { $type: name, ...properties };
  return Object.keys(properties).some((key) => key[0] === '$') ? { $plain: properties } : properties;
}

function encodeItems(items: readonly unknown[], path: Path): JsonValue[] {
  return items.map((item, index) => {
    path.push(index);
    const encoded = encodeValue(item, path);
    path.pop();
    return encoded;
  });
}

/** Tells whether an object would lose what it is: its state is not in its properties. */
function isOpaque(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    value instanceof Promise ||
    value instanceof RegExp ||
    value instanceof Error ||
    value instanceof WeakMap ||
    value instanceof WeakSet
  );
}

/**
 * Turns JSON back into the values that its tags name.
 *
 * @throws {CodedError} INVALID_MESSAGE with the path of a malformed or unknown tag
 */
export function decodeValue(value: unknown, path: Path = []): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (path.length > MAX_DEPTH) throw invalid(path, `must not nest deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return decodeItems(value, path);
  for (const key in value) {
    if (key[0] === '$') return decodeTagged(value as Record<string, unknown>, path);
  }
  return decodeProperties(value, path);
}

/** Turns each property of a plain object back into the value that it stands for. */
export function decodeProperties(value: object, path: Path = []): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    path.push(key);
    if (key === '__proto__') throw invalid(path, 'is a reserved name');
    properties[key] = decodeValue((value as Record<string, unknown>)[key], path);
    path.pop();
  }
  return properties;
}

function decodeItems(items: readonly unknown[], path: Path): unknown[] {
  return items.map((item, index) => {
    path.push(index);
    const decoded = decodeValue(item, path);
    path.pop();
    return decoded;
  });
}

function decodeTagged(tagged: Record<string, unknown>, path: Path): unknown {
  if (typeof tagged.$type === 'string') return decodeNested(tagged.$type, tagged, path);
  const [tag, ...others] = Object.keys(tagged);
  const decode = TAGS.get(tag!);
  const value = others.length || !decode ? undefined : decode(tagged[tag!], path);
  if (value === undefined) throw invalid(path, `is not a valid ${tag?.slice(0, 16)} value`);
  return value;
}

function decodeNested(name: string, tagged: Record<string, unknown>, path: Path): unknown {
  const cls = messageClassNamed(name);
  if (!cls) throw invalid(path, 'names a message class that is not known here');
  const { $type: _, ...properties } = tagged;
  return reviveMessage(cls, decodeProperties(properties, path));
}

const TAGS = new Map<string, (value: unknown, path: Path) => unknown>([
  ['$date', (text) => (typeof text === 'string' && DATE.test(text) ? validDate(new Date(text)) : undefined)],
  ['$bigint', (text) => (typeof text === 'string' && BIGINT.test(text) ? BigInt(text) : undefined)],
  ['$bytes', (text) => (typeof text === 'string' ? fromBase64(text) : undefined)],
  ['$number', (text) => (/^(NaN|-?Infinity|-0)$/.test(String(text)) ? Number(text) : undefined)],
  ['$set', (items, path) => (Array.isArray(items) ? new Set(decodeItems(items, path)) : undefined)],
  [
    '$map',
    (entries, path) => (isEntries(entries) ? new Map(decodeItems(entries, path) as never) : undefined),
  ],
  [
    '$plain',
    (value, path) => (typeof value === 'object' && value ? decodeProperties(value, path) : undefined),
  ],
]);

function validDate(date: Date): Date | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function isEntries(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.every((entry) => Array.isArray(entry) && entry.length === 2);
}

function notEncodable(path: Path, what: string): CodedError {
  const where = path.join('.') || 'the message';
  return new CodedError(
    'NOT_ENCODABLE' satisfies ErrorCode,
    `Cannot send ${where}: ${what} cannot travel in a message.`,
    {
      details: [{ path: path.join('.'), message: `is ${what}` }],
    },
  );
}

function invalid(path: Path, message: string): CodedError {
  const details = [{ path: path.join('.'), message }];
  return new CodedError(
    'INVALID_MESSAGE' satisfies ErrorCode,
    `The message is not valid: ${details[0]!.path} ${message}.`,
    { details },
  );
}
