const ids = new WeakMap<object, number>();
let lastId = 0;

/**
 * Describes a value as text: the same for values that nobody can tell apart.
 *
 * Prototypes, the order of keys, accessors, symbols and holes are in it. No getter is called.
 */
export function describeValue(value: unknown, seen: Map<object, number> = new Map()): string {
  if (typeof value === 'function') return `function ${String(value)}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return primitive(value);
  const known = seen.get(value);
  if (known !== undefined) return `again ${known}`;
  seen.set(value, seen.size);
  const prototype = Object.getPrototypeOf(value) as object | null;
  const parts = [contentOf(value, seen)];
  // A promise carries what the platform traces it by.
  for (const key of value instanceof Promise ? Object.keys(value) : Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key)!;
    parts.push(`${String(key)}${flagsOf(property)}:${propertyText(property, seen)}`);
  }
  return `<${kindOf(prototype, seen)} ${parts.join(',')}>`;
}

function primitive(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

function propertyText(property: PropertyDescriptor, seen: Map<object, number>): string {
  return 'value' in property
    ? describeValue(property.value, seen)
    : `get ${Boolean(property.get)} ${Boolean(property.set)}`;
}

function flagsOf({ enumerable, configurable, writable }: PropertyDescriptor): string {
  return enumerable && configurable && writable ? '' : `${enumerable}${configurable}${writable}`;
}

/** Returns the state of a value outside of its properties. */
function contentOf(value: object, seen: Map<object, number>): string {
  try {
    if (value instanceof Date) return `${Date.prototype.getTime.call(value)}`;
    if (value instanceof Map)
      return [...Map.prototype.entries.call(value)].map((entry) => describeValue(entry, seen)).join();
    if (value instanceof Set)
      return [...Set.prototype.values.call(value)].map((item) => describeValue(item, seen)).join();
  } catch {
    return 'nothing';
  }
  if (value instanceof Promise) return 'Promise';
  return Object.isExtensible(value) ? '' : 'frozen';
}

/** The prototype of a class counts by itself, any other by what it holds. */
function kindOf(prototype: object | null, seen: Map<object, number>): string {
  if (prototype === null) return 'null';
  const made = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value as {
    prototype?: unknown;
  } | null;
  return made?.prototype === prototype ? `${idOf(prototype)}` : describeValue(prototype, seen);
}

function idOf(value: object): number {
  const known = ids.get(value);
  if (known !== undefined) return known;
  ids.set(value, ++lastId);
  return lastId;
}
