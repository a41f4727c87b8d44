import { CodedError } from '../error/coded-error.js';
import type { ErrorCode } from '../error/error-code.js';
import type { MAX_BIGINT_DIGITS } from '../limits.js';
import { evolutionOf, VERSION_KEY } from '../message/message-evolution.js';
import type { Message, MessageClass } from '../message/message-class.js';
import { messageClassNamed, messageNameOf } from '../message/message-registry.js';
import { propertiesOf, reviveMessage } from '../message/message-reviver.js';
import { fromBase64, toBase64 } from './base64.js';

type Properties = Record<string, unknown>;

/** An object that may have its own JSON form. */
interface Json {
  toJSON?: unknown;
}

/**
 * Selects values that a codec encodes natively where JSON needs a tag.
 *
 * @returns the native value, copied if it is mutable; undefined for values to tag
 */
export type Natives = (value: unknown) => unknown;

type Convert = (value: unknown) => unknown;

/** An error inside a tree; each level adds its key to the path. */
type Thrown = Error & { path?: string[] };

type TooLong = `has more than ${typeof MAX_BIGINT_DIGITS} digits`;

const NOT_ENCODABLE = 'NOT_ENCODABLE' satisfies ErrorCode;
const UNKNOWN_VERSION = 'UNKNOWN_VERSION' satisfies ErrorCode;
const INVALID_MESSAGE = 'INVALID_MESSAGE' satisfies ErrorCode;
// The digits equal MAX_BIGINT_DIGITS; a computed expression would be longer in every bundle.
const BIGINT = /^-?\d{1,40}$/;
// A cycle makes the path as long as the stack is deep.
const MAX_PATH = 32;
const DATE = /^[-+\d]+T[\d:.]+(Z|[+-]\d\d:\d\d)$/;

/**
 * Encodes the properties of a message as JSON.
 *
 * Values that JSON lacks get a tag.
 *
 * `Date` becomes `{"$date": …}`, `bigint` `{"$bigint": …}`, bytes `{"$bytes": …}`, `Map` `{"$map": …}`, `Set`
 * `{"$set": …}`, NaN, infinities and -0 `{"$number": …}`. A nested message has a `$type`. Undefined
 * properties are left out. Values that `natives` selects stay native. `docs/messages.md` has the table of all
 * values.
 *
 * @throws {CodedError} NOT_ENCODABLE with the path of a value that cannot be encoded
 */
export function encodeProperties(message: object, natives?: Natives): Properties {
  const convert: Convert = (value) => natives?.(value) ?? encode(value, convert);
  return attempt(NOT_ENCODABLE, () => ({
    ...versionOf(message.constructor),
    ...convertAll(withoutType(propertiesOf(message)), convert),
  }));
}

/**
 * Decodes the tags of JSON properties.
 *
 * Native dates and bytes are accepted, as other codecs deliver them.
 *
 * @throws {CodedError} INVALID_MESSAGE with the path of a malformed or unknown tag
 */
export function decodeProperties(data: object): Properties {
  return attempt(INVALID_MESSAGE, () => convertAll(data as Properties, decode));
}

/**
 * Decodes `data` as properties of the present version of a message class.
 *
 * @throws {CodedError} INVALID_MESSAGE with the path of the value that could not be decoded
 * @throws {CodedError} UNKNOWN_VERSION when the message has a later version than the class
 */
export function decodePresent(cls: unknown, data: object): Properties {
  return attempt(INVALID_MESSAGE, () => present(cls, convertAll(data as Properties, decode)));
}

/**
 * Makes an instance of a message class from the `data` of a frame.
 *
 * Tags are decoded, and a message of an earlier version is converted. class-transformer is applied if its entry
 * point is imported. Nothing is validated.
 *
 * @throws {CodedError} INVALID_MESSAGE with the path of the value that could not be decoded
 * @throws {CodedError} UNKNOWN_VERSION when the message has a later version than the class
 */
export function decodeInto<T extends Message>(cls: MessageClass<T>, data: object): T {
  return attempt(INVALID_MESSAGE, () =>
    reviveMessage(cls, present(cls, convertAll(data as Properties, decode))),
  );
}

/** Returns true when the data of a message has the present version of its class. */
export function isPresent(cls: unknown, data: object): boolean {
  return ((data as Properties)[VERSION_KEY] ?? 1) === (evolutionOf(cls).version ?? 1);
}

/** Converts new properties to the present version of a class; changes them. */
function present(cls: unknown, properties: Properties): Properties {
  const { [VERSION_KEY]: found = 1 } = properties;
  const { version = 1, upcast } = evolutionOf(cls);
  delete properties[VERSION_KEY];
  if (found === version) return properties;
  if (!Number.isInteger(found) || (found as number) < 1) refuse('has a bad tag');
  if ((found as number) > version)
    refuse(
      `has version ${found as number}, its class here ${version}: update this side, or reload the page`,
      UNKNOWN_VERSION,
    );
  // A version above 1 comes with `upcast`; the decorator checks it.
  return upcast!(properties, found as number);
}

/** Returns the version of a message class as a property; nothing for version 1. */
function versionOf(cls: unknown): Properties {
  const { version = 1 } = evolutionOf(cls);
  return version > 1 ? { [VERSION_KEY]: version } : {};
}

function encode(value: unknown, convert: Convert): unknown {
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    return { $number: value === 0 ? '-0' : `${value}` };
  }
  if (typeof value === 'bigint') {
    if (!BIGINT.test(`${value}`)) refuse('has more than 40 digits' satisfies TooLong);
    return { $bigint: `${value}` };
  }
  return Object(value) === value || typeof value === 'symbol'
    ? encodeObject(value as object, convert)
    : value;
}

function encodeObject(value: object, convert: Convert): unknown {
  if (Array.isArray(value)) return convertAll(value, convert);
  if (value instanceof Date) return { $date: value.toISOString() };
  if (value instanceof Map) return { $map: convertAll([...value], convert) };
  if (value instanceof Set) return { $set: convertAll([...value], convert) };
  if (value instanceof Uint8Array) return { $bytes: toBase64(value) };
  const name = messageNameOf(value.constructor);
  if (name)
    return {
      $type: name,
      ...versionOf(value.constructor),
      ...(convertAll(withoutType(value), convert) as object),
    };
  // The properties of a promise, an error or a typed array do not contain its state.
  const kind = {}.toString.call(value);
  if (kind !== '[object Object]') refuse(`is an ${kind}`);
  // It would arrive as another value than the one that was sent.
  if (typeof (value as Json).toJSON === 'function') refuse('has toJSON(): send its result');
  const properties = convertAll(value, convert);
  return Object.keys(properties).some(isTag) ? { $plain: properties } : properties;
}

/**
 * Decodes the tags of one JSON value.
 *
 * @throws {CodedError} INVALID_MESSAGE at a malformed or unknown tag, without a path
 */
export function decodeValue(value: unknown): unknown {
  return decode(value);
}

function decode(value: unknown): unknown {
  if (Object(value) !== value || value instanceof Date) return value;
  // The bytes of a codec are a view of the whole frame.
  if (value instanceof Uint8Array) return value.slice();
  const tagged = value as Properties;
  const keys = Object.keys(tagged);
  let tag = keys.find(isTag);
  if (tag === VERSION_KEY && tagged.$type) tag = '$type';
  if (!tag) return convertAll(tagged, decode);
  const isAlone = keys.length === 1 || tag === '$type';
  const decoded = isAlone ? TAGS[tag]?.(tagged[tag], tagged) : undefined;
  if (decoded === undefined) refuse('has a bad tag');
  return decoded;
}

// An object is safe, because no name in Object.prototype begins with "$".
const TAGS: Record<string, (value: unknown, tagged: Properties) => unknown> = {
  $type: (name, tagged) => {
    const cls = messageClassNamed(name as string);
    return cls && reviveMessage(cls, present(cls, convertAll(withoutType(tagged), decode)));
  },
  $date: (text) => (matches(DATE, text) && Number.isFinite(Date.parse(text)) ? new Date(text) : undefined),
  $bigint: (text) => (matches(BIGINT, text) ? BigInt(text) : undefined),
  $bytes: (text) => (typeof text === 'string' ? fromBase64(text) : undefined),
  $number: (text) => (matches(/^(NaN|-?Infinity|-0)$/, text) ? Number(text) : undefined),
  $set: (items) => (Array.isArray(items) ? new Set(convertAll(items, decode)) : undefined),
  $map: (entries) => (isEntries(entries) ? new Map(convertAll(entries, decode)) : undefined),
  $plain: (value) => (Object(value) === value ? convertAll(value as Properties, decode) : undefined),
};

function isTag(key: string): boolean {
  return key[0] === '$';
}

function matches(pattern: RegExp, text: unknown): text is string {
  return typeof text === 'string' && pattern.test(text);
}

function isEntries(value: unknown): value is Array<[unknown, unknown]> {
  return Array.isArray(value) && value.every((entry) => Array.isArray(entry) && entry.length === 2);
}

function withoutType(message: object): Properties {
  return { ...message, $type: undefined };
}

/** Converts array items, including holes, or the properties of an object without the undefined ones. */
function convertAll<T extends object>(source: T, convert: Convert): T {
  const isArray = Array.isArray(source);
  const result = (isArray ? [] : {}) as Properties;
  for (const key of (isArray ? source.keys() : Object.keys(source)) as Iterable<string>) {
    try {
      // Decoding accepts the other keys, because stored messages may contain them.
      if (key === '__proto__' || (convert !== decode && (key === 'constructor' || key === 'prototype')))
        refuse('is reserved');
      const converted = convert((source as Properties)[key]);
      if (converted !== undefined) result[key] = converted;
      else if (isArray) refuse('is undefined: send null');
    } catch (misfit) {
      ((misfit as Thrown).path ??= []).unshift(key);
      throw misfit;
    }
  }
  return result as T;
}

/** Throws the detail of an error; `attempt` sets its code. */
function refuse(why: string, code: string = INVALID_MESSAGE): never {
  throw new CodedError(code, why);
}

function attempt<T>(code: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const path = ((cause as Thrown).path ?? []).slice(0, MAX_PATH).join('.');
    // The text of another error may reveal internals of the process.
    const isCoded = cause instanceof CodedError;
    const message = isCoded ? cause.message : 'does not fit';
    throw new CodedError(
      isCoded && cause.code === UNKNOWN_VERSION ? UNKNOWN_VERSION : code,
      `${path || 'The message'} ${message}.`,
      {
        details: [{ path, message }],
        cause,
      },
    );
  }
}
