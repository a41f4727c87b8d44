import { evolutionOf, VERSION_KEY } from '../message/message-evolution.js';
import { messageClassNamed } from '../message/message-registry.js';
import { decodeValue } from '../value/wire-value.js';
import { readIsoDate } from './iso-date.js';
import { transformFactsOf, type TransformedClass, type TypeFact } from './transform-facts.js';

type Properties = Record<string, unknown>;

/**
 * Makes an instance from decoded properties, like `decodeMessage`.
 *
 * @returns undefined for unsupported data; use `decodeMessage` then
 */
export type Decode = (data: object) => object | undefined;

/** Decodes the value of one property; undefined, which JSON cannot contain, for unsupported values. */
type DecodeValue = (value: unknown) => unknown;

/** A property with a class from `@Type`; compiled on first use. */
class TypedProperty {
  decode: DecodeValue = notUnderstood;
  private type: unknown = this;

  constructor(private readonly fact: TypeFact) {}

  /** Returns true when `@Type` still returns the compiled class. */
  isCurrent(): boolean {
    const type = this.fact.typeFunction();
    if (type === this.type) return true;
    if (this.type !== this) return false;
    this.type = type;
    this.decode = typedValue(type, this.fact.reflectedType);
    return true;
  }
}

/** The known properties of a class; null for a property without `@Type`. */
type KnownProperties = Map<string, TypedProperty | null>;

// The libraries read deeper trees, and refuse them above the limit.
const MAX_DEPTH = 32;
const OBJECT_PROTOTYPE: object = Object.prototype;
const DATE_TAG = '$date';
const TYPE_TAG = '$type';

let decoders = new WeakMap<TransformedClass, Decode>();
const properties = new WeakMap<TransformedClass, KnownProperties>();

/**
 * Declares the properties of a class.
 *
 * Its decoder then need not search the prototype.
 *
 * The names come from the application. Names that clients choose are never remembered.
 */
export function declareProperties(cls: TransformedClass, names: Iterable<string>): void {
  const known = propertiesOf(cls);
  for (const name of names)
    if (!known.has(name) && isOrdinaryKey(name, cls.prototype as object)) known.set(name, null);
}

/**
 * Decodes properties without a class, like `decodeProperties`.
 *
 * Returns the data itself when it has no tags.
 *
 * @returns undefined for unsupported data; use `decodeProperties` then
 */
export function decodeUntypedQuickly(data: object): Properties | undefined {
  if (isList(data)) return undefined;
  let decoded: Properties | undefined;
  for (const key in data) {
    if (!isOrdinaryKey(key, OBJECT_PROTOTYPE)) return undefined;
    const value = (data as Properties)[key];
    if (typeof value !== 'object' || value === null) continue;
    const other = decodeUntypedSafely(value);
    if (other === undefined) return undefined;
    if (other !== value) (decoded ??= { ...data })[key] = other;
  }
  return decoded ?? (data as Properties);
}

/** Drops an error: the libraries throw for the same data, with a coded error. */
function decodeUntypedSafely(value: object): unknown {
  try {
    return decodeUntyped(value);
  } catch {
    return undefined;
  }
}

function propertiesOf(cls: TransformedClass): KnownProperties {
  const known = properties.get(cls) ?? new Map<string, TypedProperty | null>();
  properties.set(cls, known);
  return known;
}

/** Forgets the compiled decoders, because decorators are known only now. */
export function forgetDecoders(): void {
  decoders = new WeakMap();
}

/** Returns the compiled decoder of a class. */
export function decoderOf(cls: TransformedClass): Decode {
  const known = decoders.get(cls);
  if (known) return known;
  // A class may contain itself, so its properties are compiled on first use.
  const decode = compile(cls);
  decoders.set(cls, decode);
  return decode;
}

function compile(cls: TransformedClass): Decode {
  const facts = transformFactsOf(cls);
  if (!facts) return notUnderstood;
  const known = propertiesOf(cls);
  for (const [name, fact] of facts.types)
    if (isOrdinaryKey(name, cls.prototype as object)) known.set(name, new TypedProperty(fact));
  let isOrdinary: boolean | undefined;
  const decode: Decode = (data) => {
    const target = new cls() as Properties;
    isOrdinary ??= Object.getPrototypeOf(target) === cls.prototype && !hasAccessors(target);
    return isOrdinary && !isList(data) ? decodeInto(target, data as Properties, known) : undefined;
  };
  const { version = 1 } = evolutionOf(cls);
  return version > 1 ? ofVersion(version, decode) : decode;
}

/** Decodes only data of a version; the libraries convert earlier ones. */
function ofVersion(version: number, decode: Decode): Decode {
  return (data) => {
    const { [VERSION_KEY]: found, ...properties } = data as Properties;
    return found === version ? decode(properties) : undefined;
  };
}

/** Returns true when an object has accessors: the libraries may call a setter more than once. */
function hasAccessors(target: object): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(target)).some((property) => !('value' in property));
}

/** Returns true for null and arrays, which are not accepted in place of an object. */
function isList(data: unknown): boolean {
  return data === null || Array.isArray(data);
}

function notUnderstood(): undefined {
  return undefined;
}

function decodeInto(target: Properties, data: Properties, known: KnownProperties): object | undefined {
  const prototype = Object.getPrototypeOf(target) as object;
  // Keys are not cached, because clients choose them.
  for (const key in data) {
    const property = known.get(key);
    if (property ? !property.isCurrent() : property !== null && !isOrdinaryKey(key, prototype))
      return undefined;
    if (typeof target[key] === 'function') return undefined;
    const value = property ? property.decode(data[key]) : decodeUntyped(data[key]);
    if (value === undefined) return undefined;
    target[key] = value;
  }
  return target;
}

/** Returns true when a key has no special meaning, such as a tag, a method or an accessor. */
function isOrdinaryKey(key: string, prototype: object): boolean {
  return key[0] !== '$' && !(key in prototype);
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
    const value =
      item === null ? null : Array.isArray(item) ? decodeItems(item, decodeItem) : decodeItem(item);
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
  let decode: Decode | undefined;
  return (value) => {
    if (typeof value !== 'object' || isList(value) || isNative(value as object)) return undefined;
    const properties = value as Properties;
    if (!(TYPE_TAG in properties)) return (decode ??= decoderOf(cls))(properties);
    const { [TYPE_TAG]: type, ...own } = properties;
    if (messageClassNamed(type as string) !== cls) return undefined;
    const decoded = (decode ??= decoderOf(cls))(own);
    return decoded && isFromData(decoded as Properties, own) ? decoded : undefined;
  };
}

/** Returns true when all values come from the data and none from the constructor of a tagged instance. */
function isFromData(decoded: Properties, data: Properties): boolean {
  for (const key of Object.keys(decoded)) {
    const value = decoded[key];
    if (value === undefined || value === null || value === data[key]) continue;
    if (!Object.hasOwn(data, key)) return false;
    if (value instanceof Date) continue;
    if (!isFromData(value as Properties, data[key] as Properties)) return false;
  }
  return true;
}

function decodeDate(value: unknown): Date | undefined {
  if (typeof value === 'string') return new Date(value);
  if (value instanceof Date) return value;
  return typeof value === 'object' ? taggedDate(value as Properties) : undefined;
}

function decodeUntyped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  // The bytes of a codec are a view of the whole frame.
  if (value instanceof Uint8Array) return value.slice();
  if (DATE_TAG in value) return taggedDate(value as Properties);
  if (isPlainTree(value, 0)) return value;
  // The libraries decode instances of other messages.
  return isTaggedTree(value, 0) ? decodeValue(value) : undefined;
}

/** Returns true for a date or bytes, which a codec other than JSON may deliver. */
function isNative(value: object): boolean {
  return value instanceof Date || value instanceof Uint8Array;
}

function taggedDate(tagged: Properties): Date | undefined {
  for (const key in tagged) if (key !== DATE_TAG) return undefined;
  const text = tagged[DATE_TAG];
  return typeof text === 'string' ? readIsoDate(text) : undefined;
}

/** Returns true when a tree has neither tags nor keys of Object.prototype. */
function isPlainTree(tree: object, depth: number): boolean {
  if (depth > MAX_DEPTH || isNative(tree)) return false;
  if (Array.isArray(tree)) return tree.every((item) => isPlainValue(item, depth));
  for (const key in tree) {
    if (key[0] === '$' || key in OBJECT_PROTOTYPE) return false;
    if (!isPlainValue((tree as Properties)[key], depth)) return false;
  }
  return true;
}

/** Returns true when a tree has only values, value tags, and no keys of Object.prototype. */
function isTaggedTree(tree: object, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  if (isNative(tree)) return true;
  for (const key in tree) {
    if (key === TYPE_TAG || key in OBJECT_PROTOTYPE) return false;
    const value = (tree as Properties)[key];
    if (typeof value === 'object' && value !== null && !isTaggedTree(value, depth + 1)) return false;
  }
  return true;
}

function isPlainValue(value: unknown, depth: number): boolean {
  return typeof value !== 'object' || value === null || isPlainTree(value, depth + 1);
}
