import { messageNameOf } from '../message/message.registry.js';
import { readIsoDate } from './iso-date.js';
import { transformFactsOf, type TransformedClass, type TypeFact } from './transform-facts.js';

type Properties = Record<string, unknown>;

/**
 * Makes an instance from decoded properties as `decodeMessage` would.
 *
 * @returns undefined for what it does not understand: `decodeMessage` decides
 */
export type Decode = (data: object) => object | undefined;

/** Decodes the value of one property; undefined, which JSON cannot hold, for what is not understood. */
type DecodeValue = (value: unknown) => unknown;

interface TypedProperty {
  readonly decode: DecodeValue;
  /** Tells whether `@Type` still gives the class that was compiled. */
  readonly isCurrent: (data: object, target: object) => boolean;
}

// A tree that is deeper is read by the libraries, which refuse it where it is too deep.
const MAX_DEPTH = 32;
const OBJECT_PROTOTYPE: object = Object.prototype;
const DATE_TAG = '$date';
const TYPE_TAG = '$type';

const decoders = new WeakMap<TransformedClass, Decode>();

/** Returns the compiled decoder of a class. */
export function decoderOf(cls: TransformedClass): Decode {
  const known = decoders.get(cls);
  if (known) return known;
  // A class may contain itself: its properties are compiled when they are first met.
  const decode = compile(cls);
  decoders.set(cls, decode);
  return decode;
}

function compile(cls: TransformedClass): Decode {
  const facts = transformFactsOf(cls);
  if (!facts) return notUnderstood;
  const typed = new Map<string, TypedProperty>();
  for (const [name, fact] of facts.types) typed.set(name, typedProperty(fact, name));
  return (data) => decodeInto(new cls() as Properties, data as Properties, typed);
}

function notUnderstood(): undefined {
  return undefined;
}

function decodeInto(
  target: Properties,
  data: Properties,
  typed: ReadonlyMap<string, TypedProperty>,
): object | undefined {
  const prototype = Object.getPrototypeOf(target) as object;
  for (const key in data) {
    // What has a meaning of its own: a tag, a method, an accessor, the discriminant, "constructor" …
    if (key[0] === '$' || key in prototype || typeof target[key] === 'function') return undefined;
    const property = typed.get(key);
    if (property && !property.isCurrent(data, target)) return undefined;
    const value = property ? property.decode(data[key]) : decodeUntyped(data[key]);
    if (value === undefined) return undefined;
    target[key] = value;
  }
  return target;
}

function typedProperty({ typeFunction, reflectedType }: TypeFact, property: string): TypedProperty {
  let type: unknown;
  let decode: DecodeValue | undefined;
  return {
    isCurrent: (object, newObject) => {
      const now = typeFunction({ newObject, object, property });
      return decode ? now === type : ((type = now), (decode = typedValue(type, reflectedType)), true);
    },
    decode: (value) => decode!(value),
  };
}

function typedValue(type: unknown, reflectedType: unknown): DecodeValue {
  const decodeItem = itemDecoder(type);
  const isPlainList = reflectedType === undefined || reflectedType === Object || reflectedType === Array;
  return (value) => {
    if (value === null) return reflectedType === Map ? undefined : null;
    if (!Array.isArray(value)) return reflectedType === Map ? undefined : decodeItem(value);
    return isPlainList ? decodeItems(value, decodeItem) : undefined;
  };
}

function decodeItems(items: readonly unknown[], decodeItem: DecodeValue): unknown[] | undefined {
  const decoded: unknown[] = [];
  for (const item of items) {
    const value = item === null ? null : Array.isArray(item) ? undefined : decodeItem(item);
    if (value === undefined) return undefined;
    decoded.push(value);
  }
  return decoded;
}

function itemDecoder(type: unknown): DecodeValue {
  switch (type) {
    case String:
      return (value) => (typeof value === 'string' ? value : undefined);
    case Number:
      return (value) => (typeof value === 'number' ? value : undefined);
    case Boolean:
      return (value) => (typeof value === 'boolean' ? value : undefined);
    case Date:
      return decodeDate;
    default:
      return typeof type === 'function' ? nestedDecoder(type as TransformedClass) : notUnderstood;
  }
}

function nestedDecoder(cls: TransformedClass): DecodeValue {
  const name = messageNameOf(cls);
  let decode: Decode | undefined;
  return (value) => {
    if (typeof value !== 'object' || Array.isArray(value) || isNative(value!)) return undefined;
    const properties = value as Properties;
    if (!(TYPE_TAG in properties)) return (decode ??= decoderOf(cls))(properties);
    const { [TYPE_TAG]: type, ...own } = properties;
    return type === name ? (decode ??= decoderOf(cls))(own) : undefined;
  };
}

function decodeDate(value: unknown): Date | undefined {
  if (typeof value === 'string') return new Date(value);
  if (value instanceof Date) return value;
  return typeof value === 'object' ? taggedDate(value as Properties) : undefined;
}

function decodeUntyped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  // Those of a codec are a part of the whole frame.
  if (value instanceof Uint8Array) return value.slice();
  if (DATE_TAG in value) return taggedDate(value as Properties);
  return isPlainTree(value, 0) ? value : undefined;
}

/** Tells what a codec other than JSON may bring: a value without properties. */
function isNative(value: object): boolean {
  return value instanceof Date || value instanceof Uint8Array;
}

function taggedDate(tagged: Properties): Date | undefined {
  for (const key in tagged) if (key !== DATE_TAG) return undefined;
  const text = tagged[DATE_TAG];
  return typeof text === 'string' ? readIsoDate(text) : undefined;
}

/** Tells whether a tree stands for itself: no tags, no keys with a meaning for objects. */
function isPlainTree(tree: object, depth: number): boolean {
  if (depth > MAX_DEPTH || isNative(tree)) return false;
  if (Array.isArray(tree)) return tree.every((item) => isPlainValue(item, depth));
  for (const key in tree) {
    if (key[0] === '$' || key in OBJECT_PROTOTYPE) return false;
    if (!isPlainValue((tree as Properties)[key], depth)) return false;
  }
  return true;
}

function isPlainValue(value: unknown, depth: number): boolean {
  return typeof value !== 'object' || value === null || isPlainTree(value, depth + 1);
}
