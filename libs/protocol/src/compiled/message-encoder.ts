import { MAX_BIGINT_DIGITS } from '../limits.js';
import { evolutionOf, VERSION_KEY } from '../message/message-evolution.js';
import { messageNameOf } from '../message/message-registry.js';
import { toBase64 } from '../value/base64.js';
import { wellFormed } from '../value/well-formed.js';
import { writeIsoDate } from './iso-date.js';
import { transformFactsOf, type TransformedClass, type TypeFact } from './transform-facts.js';

type Properties = Record<string, unknown>;

/** The encoding plan of a class. */
export interface Layout {
  /** The types that `@Type` declares, by property. */
  readonly types: ReadonlyMap<string, TypeFact>;
  /** The version of the class, if it is above 1. */
  readonly version: number | undefined;
  /** The JSON text at the start of a message. */
  readonly start: string;
  /** The JSON text at the start of a nested instance. */
  readonly nestedStart: string;
  /** The keys seen so far, as JSON text. */
  readonly keys: Map<string, string>;
}

const MAX_KEYS = 256;
/** Longer keys are not cached, because clients may choose the keys of an instance. */
const MAX_KEY_LENGTH = 64;
/** The libraries encode deeper trees. */
export const MAX_DEPTH = 32;
const OBJECT_PROTOTYPE: object = Object.prototype;
/** Text that JSON leaves unchanged: no quotes, backslashes, control characters or lone surrogates. */
const VERBATIM = /^[ !#-[\]-\uD7FF\uE000-\uFFFF]*$/;

const FIRST_LONG = 10n ** BigInt(MAX_BIGINT_DIGITS);

let layouts = new WeakMap<object, Layout | null>();

/** Forgets the plans of classes, because decorators are known only now. */
export function forgetLayouts(): void {
  layouts = new WeakMap();
}

/**
 * Encodes the properties of a message as JSON text, like `encodeMessage`.
 *
 * @returns undefined for unsupported values; use `encodeMessage` then
 */
export function writeProperties(message: object): string | undefined {
  const layout = layoutOf(message.constructor as TransformedClass);
  return layout && !(Symbol.toStringTag in message)
    ? writeInstance(message as Properties, layout, { start: layout.start, depth: 0 })
    : undefined;
}

/** Returns the plan of a class; null when the class needs more than its types. */
export function layoutOf(cls: TransformedClass): Layout | null {
  const known = layouts.get(cls);
  if (known !== undefined) return known;
  const layout = compile(cls);
  layouts.set(cls, layout);
  return layout;
}

function compile(cls: TransformedClass): Layout | null {
  const facts = transformFactsOf(cls);
  if (!facts) return null;
  const name = messageNameOf(cls);
  const { version = 1 } = evolutionOf(cls);
  const versioned = version > 1 ? `,"${VERSION_KEY}":${version}` : '';
  return {
    ...facts,
    version: version > 1 ? version : undefined,
    start: `{${versioned.slice(1)}`,
    nestedStart: name ? `{"$type":${JSON.stringify(name)}${versioned}` : '{',
    keys: new Map(),
  };
}

interface Place {
  readonly start: string;
  readonly depth: number;
}

function writeInstance(instance: Properties, layout: Layout, { start, depth }: Place): string | undefined {
  const { types, keys } = layout;
  let text = start;
  for (const key of Object.keys(instance)) {
    const value = instance[key];
    const type = types.size ? types.get(key) : undefined;
    if (type && !isOfType(type, value)) return undefined;
    if (value === undefined) continue;
    const written = writeValue(value, depth);
    if (written === undefined) return undefined;
    const name = keys.get(key) ?? addKey(keys, key);
    if (!name) return undefined;
    text += text.length > 1 ? `,${name}${written}` : name + written;
  }
  return `${text}}`;
}

/** Keys that start like a tag or a number; number keys are ordered before all others, even "$type". */
const ODD_KEY = /^[$\d]/;

/** Returns a key as JSON text; empty for keys with a special meaning. */
function addKey(keys: Map<string, string>, key: string): string {
  const text = ODD_KEY.test(key) || isReservedKey(key) ? '' : `${JSON.stringify(key)}:`;
  if (keys.size < MAX_KEYS && key.length <= MAX_KEY_LENGTH) keys.set(key, text);
  return text;
}

/**
 * Returns true when Object.prototype has a key of this name.
 *
 * The libraries refuse some of these.
 */
export function isReservedKey(key: string): boolean {
  return key in OBJECT_PROTOTYPE || key === 'prototype';
}

function writeValue(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return VERBATIM.test(value) ? `"${value}"` : writeText(value);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? `${value}` : undefined;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return isShort(value) ? `{"$bigint":"${value}"}` : undefined;
    case 'object':
      return value === null ? 'null' : writeObject(value, depth + 1);
    default:
      return undefined;
  }
}

/** Returns true when a `bigint` has no more than the permitted digits. */
export function isShort(value: bigint): boolean {
  return value < FIRST_LONG && value > -FIRST_LONG;
}

/** Replaces lone surrogates, which JSON.stringify escapes, as all other encodings do. */
function writeText(value: string): string {
  const text = JSON.stringify(value);
  return text.includes('\\ud') ? JSON.stringify(wellFormed(value)) : text;
}

function writeObject(value: object, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return writeItems(value, depth);
  if (value instanceof Date) return writeDate(value);
  if (value instanceof Uint8Array) return `{"$bytes":"${toBase64(value)}"}`;
  // The libraries refuse objects with hidden state.
  if (OBJECT_PROTOTYPE.toString.call(value) !== '[object Object]') return undefined;
  const { constructor } = value;
  if (constructor === Object) return writePlain(value as Properties, depth);
  const layout = typeof constructor === 'function' ? layoutOf(constructor as TransformedClass) : null;
  if (!layout || 'toJSON' in value) return undefined;
  return writeInstance(value as Properties, layout, { start: layout.nestedStart, depth });
}

function writeItems(items: readonly unknown[], depth: number): string | undefined {
  let text = '[';
  for (const item of items) {
    const written = writeValue(item, depth);
    if (written === undefined) return undefined;
    text += text.length > 1 ? `,${written}` : written;
  }
  return `${text}]`;
}

function writePlain(source: Properties, depth: number): string | undefined {
  let text = '{';
  for (const key of Object.keys(source)) {
    if (key[0] === '$' || isReservedKey(key)) return undefined;
    const value = source[key];
    if (value === undefined) continue;
    const written = writeValue(value, depth);
    if (written === undefined) return undefined;
    text += `${text.length > 1 ? ',' : ''}${JSON.stringify(key)}:${written}`;
  }
  return `${text}}`;
}

const { toISOString, valueOf } = Date.prototype;

/** Encodes a date; undefined for a date with overridden methods, whose JSON may differ. */
function writeDate(date: Date): string | undefined {
  if (date.toISOString !== toISOString || date.valueOf !== valueOf || Number.isNaN(date.valueOf()))
    return undefined;
  return `{"$date":"${writeIsoDate(date)}"}`;
}

/** Returns true when class-transformer would leave a value unchanged. */
export function isOfType(fact: TypeFact, value: unknown): boolean {
  const type = fact.typeFunction();
  if (value === null || value === undefined) return true;
  if (fact.reflectedType === Map) return false;
  if (Array.isArray(value)) return value.every((item) => item === null || isInstance(type, item));
  return isInstance(type, value);
}

function isInstance(type: unknown, value: unknown): boolean {
  switch (type) {
    case String:
      return typeof value === 'string';
    case Number:
      return typeof value === 'number';
    case Boolean:
      return typeof value === 'boolean';
    case Date:
      return value instanceof Date;
    default:
      return value instanceof Object && value.constructor === type;
  }
}
