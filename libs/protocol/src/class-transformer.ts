import { instanceToPlain, plainToInstance } from 'class-transformer';
import { messageNameOf } from './message/message-registry.js';
import { useMessageTransformer } from './message/message-reviver.js';

export { Exclude, Expose, Transform, Type } from 'class-transformer';

type Properties = Record<string, unknown>;

/** The names of the entries of a `Map` that became an object: their index, or their key as a string. */
type MapNaming = 'number' | 'key';

// Importing this entry point has the side effect: from now on messages pass through class-transformer.
useMessageTransformer({
  // `never`, because the caller chooses the type of the instance.
  toInstance: (cls, properties) =>
    restore(properties, plainToInstance(cls as new () => object, stripped(properties)), 'number') as never,
  toProperties: (message) => restore(message, instanceToPlain(prepared(message)), 'key') as object,
});

/**
 * Replaces the values that plainToInstance would lose; `restore` puts them back.
 *
 * A `Map` becomes an object whose keys are the indexes of the entries. Bytes become empty: plainToInstance
 * treats each byte as a property and compares its name with all others, so 64 KiB would block the process for
 * seconds.
 */
function stripped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Uint8Array) return new Uint8Array();
  if (value instanceof Map)
    return Object.fromEntries([...value.values()].map((item, at) => [at, stripped(item)]));
  if (value instanceof Set) return new Set([...value].map(stripped));
  if (Array.isArray(value)) return value.map(stripped);
  const copy = Object.create(Object.getPrototypeOf(value) as object) as Properties;
  for (const key of Object.keys(value)) copy[key] = stripped((value as Properties)[key]);
  return copy;
}

/**
 * A placeholder for functions and promises, because class-transformer calls or awaits them.
 *
 * It does not inherit from `Function`, so class-transformer passes it on unchanged. It cannot be converted to
 * a string or number.
 */
const STAND_IN: unknown = Object.setPrototypeOf(() => undefined, null);

/**
 * Replaces functions and promises by placeholders and removes bytes from instances; `restore` puts them back.
 *
 * Bytes stay where a `@Transform` reads them, and in plain objects, whose class is not known here.
 */
function prepared<T>(value: T): T {
  if (isCalledOrAwaited(value)) return STAND_IN as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return preparedItems(value) as T;
  if (value instanceof Map || value instanceof Set) return preparedEntries(value) as T;
  return Object.prototype.toString.call(value) === '[object Object]' ? preparedFields(value) : value;
}

function isCalledOrAwaited(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return typeof value === 'object' && typeof (value as Properties | null)?.then === 'function';
}

function preparedFields<T extends object>(value: T): T {
  let hasChanged = false;
  const isInstance = !isPlain(value);
  const fields = Object.create(null) as Properties;
  for (const key of Object.keys(value)) {
    const field = (value as Properties)[key];
    const isEmptied = isInstance && hasBytes(field) && !isTransformed(value, key);
    fields[key] = prepared(isEmptied ? emptied(field) : field);
    hasChanged ||= fields[key] !== field;
  }
  if (!hasChanged) return value;
  return (isInstance ? withFields(value, fields) : { ...fields }) as T;
}

function preparedEntries(source: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>): object {
  const before = [...source.values()];
  const items = preparedItems(before);
  if (items === before) return source;
  return source instanceof Set
    ? new Set(items)
    : new Map([...source.keys()].map((key, at) => [key, items[at]]));
}

/** Prepares the items and keeps holes. `map` would read `constructor` of the array, which data may define. */
function preparedItems(source: readonly unknown[]): readonly unknown[] {
  const items: unknown[] = [];
  items.length = source.length;
  let hasChanged = false;
  source.forEach((item, at) => {
    items[at] = prepared(item);
    hasChanged ||= items[at] !== item;
  });
  return hasChanged ? items : source;
}

/** Makes an instance with replaced fields; its accessors read the private fields of the original. */
function withFields(instance: object, fields: Properties): object {
  const own = Object.entries(fields).map(([key, value]) => [key, { value, enumerable: true }]);
  const get = (_: object, key: string): unknown =>
    Object.hasOwn(fields, key) ? fields[key] : Reflect.get(instance, key);
  const target = Object.create(
    Object.getPrototypeOf(instance) as object,
    Object.fromEntries(own) as PropertyDescriptorMap,
  ) as object;
  return new Proxy(target, { get } as ProxyHandler<object>);
}

function emptied(field: unknown): unknown {
  if (field instanceof Uint8Array) return new Uint8Array();
  if (!Array.isArray(field)) return field;
  const items: unknown[] = [];
  items.length = field.length;
  // `map` would read `constructor` of the array, which data may define.
  field.forEach((item, at) => (items[at] = emptied(item)));
  return items;
}

function hasBytes(field: unknown): boolean {
  return field instanceof Uint8Array || (Array.isArray(field) && field.some(hasBytes));
}

/** The known results of `isTransformed`, by prototype. */
const transformed = new WeakMap<object, Map<string, boolean>>();
/** The limits of that cache; clients may choose the names of fields. */
const MAX_FIELDS = 256;
const MAX_FIELD_LENGTH = 64;

function isTransformed(instance: object, key: string): boolean {
  const prototype = Object.getPrototypeOf(instance) as object;
  const known = transformed.get(prototype) ?? new Map<string, boolean>();
  transformed.set(prototype, known);
  const isList = Array.isArray((instance as Properties)[key]);
  const name = isList ? `${key}[]` : key;
  const answer = known.get(name) ?? becomesOther(instance, key, isList ? [PROBE] : PROBE);
  if (known.size < MAX_FIELDS && name.length <= MAX_FIELD_LENGTH) known.set(name, answer);
  return answer;
}

const PROBE = new Uint8Array([1]);

/** Probes class-transformer for what it does to a value of a field; it has no public API for this. */
function becomesOther(instance: object, key: string, probe: unknown): boolean {
  try {
    const result = restore(probe, instanceToPlain(withFields(instance, { [key]: probe }))[key], 'key');
    return (Array.isArray(result) ? (result as unknown[])[0] : result) !== PROBE;
  } catch {
    return true;
  }
}

/**
 * Restores the values that class-transformer does not know.
 *
 * It turns bytes into an object, a `Set` into an array, and a `Map` or nested message into plain objects.
 * Values that a `@Transform` produced stay.
 */
function restore(source: unknown, result: unknown, naming: MapNaming): unknown {
  // `@Type(() => Boolean)` turns a function into true.
  if (result === STAND_IN || (result === true && typeof source === 'function')) return source;
  if (typeof source !== 'object' || source === null || typeof result !== 'object' || result === null)
    return result;
  if (source instanceof Date) return result;
  if (source instanceof Uint8Array) return ArrayBuffer.isView(result) || isPlain(result) ? source : result;
  if (source instanceof Set)
    return Array.isArray(result) ? new Set(restoreItems([...source], result, naming)) : result;
  if (source instanceof Map) return restoreMap(source, result, naming);
  if (Array.isArray(source)) return Array.isArray(result) ? restoreItems(source, result, naming) : result;
  // class-transformer would make an empty object; the original is refused by the encoder.
  if (Object.prototype.toString.call(source) !== '[object Object]') return source;
  // The encoder refuses an object with toJSON(), unless a `@Transform` replaced it.
  if (writesItself(source) && isPlain(result)) return source;
  return restoreProperties(source as Properties, result as Properties, naming);
}

function writesItself(value: object): boolean {
  return typeof (value as Properties).toJSON === 'function' && !messageNameOf(value.constructor);
}

function restoreItems(source: readonly unknown[], result: unknown[], naming: MapNaming): readonly unknown[] {
  // class-transformer drops holes; the original array is returned, so that the encoder refuses them.
  const present = Object.keys(source).length;
  if (present < source.length && result.length === present) return source;
  return source.length === result.length
    ? result.map((item, at) => restore(source[at], item, naming))
    : result;
}

function restoreMap(source: ReadonlyMap<unknown, unknown>, result: object, naming: MapNaming): unknown {
  if (!(result instanceof Map) && !isPlain(result)) return result;
  const items = new Map<unknown, unknown>(result instanceof Map ? result : Object.entries(result));
  // Two keys with the same string form cannot be told apart in an object.
  if (naming === 'key' && items.size !== source.size) return source;
  return new Map(
    [...source].map(([key, item], at) => {
      const name = naming === 'number' ? String(at) : String(key);
      return [key, items.has(name) ? restore(item, items.get(name), naming) : item];
    }),
  );
}

function restoreProperties(source: Properties, result: Properties, naming: MapNaming): object {
  for (const key of Object.keys(result)) {
    const value = result[key];
    if (typeof value === 'object' && value !== null && Object.hasOwn(source, key)) {
      result[key] = restore(source[key], value, naming);
    }
  }
  // class-transformer drops keys of plain objects that Object.prototype has, such as "toString".
  if (isPlain(result) && isPlain(source)) return { ...source, ...result };
  const isNestedMessage = isPlain(result) && !isPlain(source) && messageNameOf(source.constructor);
  return isNestedMessage
    ? (Object.setPrototypeOf(result, Object.getPrototypeOf(source) as object) as object)
    : result;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
