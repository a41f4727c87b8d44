import { schemaOf } from '@nestwire/protocol/internal';
import { typedClassOf, validatedProperties, type ValidatedClass } from './message-metadata.js';

/** The maximum number of values of a schema that are described. */
const MAX_SCHEMA_NODES = 20_000;

/** A value of JSON. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Describes the fields of a message class and their constraints, as JSON.
 *
 * Two builds have equal descriptions when their classes have the same fields with the same decorators, or the
 * same schema. Functions in arguments, such as a condition, count as equal.
 */
export function contractOf(cls: unknown): Json {
  const schema = schemaOf(cls);
  return schema ? new Description().of(schema) : fieldsOf(cls as ValidatedClass, []);
}

/** Describes a class; `outer` has the classes that contain it, because a class may contain itself. */
function fieldsOf(cls: ValidatedClass, outer: readonly ValidatedClass[]): Json {
  const at = outer.indexOf(cls);
  if (at >= 0) return `contained ${outer.length - at}`;
  const within = [...outer, cls];
  const fields = new Map<string, Json>(ownFields(cls).map((name) => [name, []]));
  for (const { name, metadatas } of validatedProperties(cls)) {
    const decorators = metadatas.map(({ type, name: constraint = '', constraints, each, groups }) =>
      new Description().of([type, constraint, constraints, Boolean(each), groups]),
    );
    const typed = typedClassOf(cls, name);
    fields.set(name, [...sorted(decorators), ...(typed ? [fieldsOf(typed, within)] : [])]);
  }
  return sorted([...fields]);
}

function ownFields(cls: ValidatedClass): string[] {
  try {
    return Object.keys(new cls());
  } catch {
    return [];
  }
}

function sorted(items: readonly Json[]): Json[] {
  const texts = items.map((item) => JSON.stringify(item));
  return texts.toSorted().map((text) => JSON.parse(text) as Json);
}

/** Describes the own properties of any value, such as a schema; a value in itself becomes its number. */
class Description {
  private readonly seen = new Map<object, number>();

  of(value: unknown): Json {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) return `${value}`;
    if (typeof value === 'symbol') return String(value.description);
    const isObject = typeof value === 'object' || Object.hasOwn(value, 'json');
    return isObject ? this.ofObject(value) : 'function';
  }

  private ofObject(value: object): Json {
    const known = this.seen.get(value);
    if (known !== undefined) return `value ${known}`;
    if (this.seen.size >= MAX_SCHEMA_NODES) return 'more';
    this.seen.set(value, this.seen.size);
    if (value instanceof RegExp || value instanceof Date) return String(value);
    if (Array.isArray(value)) return value.map((item) => this.of(item));
    if (value instanceof Set || value instanceof Map) return this.of([...value]);
    return this.ofProperties(structureOf(value));
  }

  private ofProperties(source: object): Json {
    const described: Record<string, Json> = {};
    for (const key of Object.keys(source).toSorted())
      if (!/^[~_]/.test(key)) described[key] = this.of(readable(source, key));
    return described;
  }
}

/** Returns the part of a schema that describes it: arktype has it in `json`, zod in `_zod.def`. */
function structureOf(schema: object): object {
  const { json, _zod: zod } = schema as { json?: unknown; _zod?: { readonly def?: unknown } };
  if (typeof schema === 'function' && typeof json === 'object' && json !== null) return json;
  return typeof zod?.def === 'object' && zod.def !== null ? zod.def : schema;
}

function readable(source: object, key: string): unknown {
  try {
    return (source as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
