const SETTERS = {
  date: Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set')),
  map: ['set', 'delete', 'clear'],
  set: ['add', 'delete', 'clear'],
};

const frozenDate = frozenPrototype(Date.prototype, SETTERS.date);
const frozenMap = frozenPrototype(Map.prototype, SETTERS.map);
const frozenSet = frozenPrototype(Set.prototype, SETTERS.set);

/**
 * Freezes a value with everything in it, dates, maps and sets included.
 *
 * Returns false when a part can still change, because bytes cannot be frozen.
 */
export function deepFreeze(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return true;
  if (ArrayBuffer.isView(value)) return false;
  let frozen = true;
  if (value instanceof Map) frozen = freezeEntries(value, frozenMap);
  else if (value instanceof Set) frozen = freezeEntries(value, frozenSet);
  else if (value instanceof Date && Object.getPrototypeOf(value) === Date.prototype)
    Object.setPrototypeOf(value, frozenDate);
  Object.freeze(value);
  for (const key of Object.keys(value))
    frozen = deepFreeze((value as Record<string, unknown>)[key]) && frozen;
  return frozen;
}

function freezeEntries(items: Map<unknown, unknown> | Set<unknown>, prototype: object): boolean {
  let frozen = true;
  items.forEach((item: unknown, key: unknown) => {
    frozen = deepFreeze(item) && deepFreeze(key) && frozen;
  });
  if (Object.getPrototypeOf(items) === Object.getPrototypeOf(prototype))
    Object.setPrototypeOf(items, prototype);
  return frozen;
}

/** Makes a prototype whose setters throw. */
function frozenPrototype(prototype: object, setters: readonly string[]): object {
  const frozen = Object.create(prototype) as Record<string, unknown>;
  for (const name of setters) {
    Object.defineProperty(frozen, name, { value: refuse });
  }
  return Object.freeze(frozen);
}

function refuse(): never {
  throw new TypeError('A message is shared by all its listeners and cannot be changed. Change a copy.');
}
