/** A value that class-validator validates item by item. */
export type Items = readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>;

/** Returns true for a list, a set or a map. */
export function hasItems(value: unknown): value is Items {
  return Array.isArray(value) || value instanceof Set || value instanceof Map;
}

/** Returns the items of a list or a set, or the values of a map. */
export function itemsOf(value: Items): Iterable<unknown> {
  return value instanceof Map ? value.values() : (value as readonly unknown[] | ReadonlySet<unknown>);
}
