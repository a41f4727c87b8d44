import { Exclude, Expose, Transform, Type, type TypeOptions } from 'class-transformer';
// Nothing public tells whether a class has a @Transform; Nest's mapped types read the same place.
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';

/** A class as class-transformer takes it. */
export type TransformedClass = new (...args: never[]) => object;

/** What `@Type` says of a property. */
export interface TypeFact {
  /** Returns the class; it may answer differently each time, but not by what it is given. */
  readonly typeFunction: () => unknown;
  /** The class that the compiler wrote down for the property. */
  readonly reflectedType: unknown;
  readonly options?: TypeOptions;
}

/** What class-transformer does with a class, where that is no more than its types. */
export interface TransformFacts {
  readonly types: ReadonlyMap<string, TypeFact>;
}

type Metadata = ReadonlyMap<unknown, ReadonlyMap<string, unknown>>;

interface Storage {
  readonly _typeMetadatas: Metadata;
  readonly _transformMetadatas: Metadata;
  readonly _exposeMetadatas: Metadata;
  readonly _excludeMetadatas: Metadata;
}

const storage = trusted(defaultMetadataStorage as Storage);

/**
 * Returns what class-transformer was told about a class and those that it extends.
 *
 * @returns undefined when there is more to it than types: `@Transform`, `@Expose`, `@Exclude`, a
 *   discriminator, a method `then`; or when class-transformer keeps its metadata elsewhere than expected
 */
export function transformFactsOf(cls: TransformedClass): TransformFacts | undefined {
  const classes = storage && ancestry(cls);
  // class-transformer takes an instance with a method "then" for a promise.
  if (!classes || 'then' in cls.prototype) return undefined;
  const types = new Map<string, TypeFact>();
  for (const ancestor of classes) {
    const { _transformMetadatas, _exposeMetadatas, _excludeMetadatas } = storage;
    const others = [_transformMetadatas, _exposeMetadatas, _excludeMetadatas];
    if (others.some((metadata) => metadata.get(ancestor)?.size)) return undefined;
    for (const [name, fact] of storage._typeMetadatas.get(ancestor) ?? []) types.set(name, fact as TypeFact);
  }
  return [...types.values()].some(isConditional) ? undefined : { types };
}

/**
 * Returns the names of properties that class-transformer was told about.
 *
 * Those of the classes that the class extends are among them.
 */
export function decoratedNamesOf(cls: TransformedClass): ReadonlySet<string> {
  if (!storage) return new Set();
  const { _typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas } = storage;
  const all = [_typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas];
  return new Set(
    [...extended(cls)].flatMap((ancestor) =>
      all.flatMap((metadata) => [...(metadata.get(ancestor)?.keys() ?? [])]),
    ),
  );
}

/**
 * Returns the properties of a class that have another name in data, by that name.
 *
 * `@Expose({ name })` gives it.
 */
export function renamedPropertiesOf(cls: TransformedClass): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>();
  for (const ancestor of extended(cls))
    for (const [property, fact] of storage?._exposeMetadatas.get(ancestor) ?? []) {
      const { options } = fact as { readonly options?: { readonly name?: string } };
      // What the class itself says stands before what it extends.
      if (options?.name !== undefined && !renamed.has(options.name)) renamed.set(options.name, property);
    }
  return renamed;
}

/**
 * Returns the classes that `@Type` gives to the properties of a class.
 *
 * Inherited properties count, and so do the classes that a discriminator chooses from.
 */
export function typedClassesOf(cls: TransformedClass): readonly TransformedClass[] {
  const facts = [...extended(cls)].flatMap((ancestor) => [
    ...(storage?._typeMetadatas.get(ancestor)?.values() ?? []),
  ]);
  const classes = facts.flatMap((fact) => classesOf(fact as TypeFact));
  return classes.filter((typed) => typeof typed === 'function') as TransformedClass[];
}

function* extended(cls: unknown): Generator {
  for (let at = cls; typeof at === 'function' && at !== Function.prototype; at = Object.getPrototypeOf(at))
    yield at;
}

function classesOf({ typeFunction, options }: TypeFact): unknown[] {
  const others = options?.discriminator?.subTypes.map(({ value }) => value as unknown) ?? [];
  try {
    return [typeFunction(), ...others];
  } catch {
    // One that needs to know the value gives no class without it.
    return others;
  }
}

/**
 * The class and what it extends, the class itself last: what it says of a property stands.
 *
 * Undefined when it extends what the platform made, which class-transformer knows by itself, or when its
 * prototypes extend others than the classes do, by which class-transformer goes.
 */
function ancestry(cls: TransformedClass): unknown[] | undefined {
  const classes: unknown[] = [];
  let expected: unknown = cls;
  for (let at = cls.prototype as object | null; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (!at || !Object.hasOwn(at, 'constructor') || isNative(at.constructor)) return undefined;
    if (at.constructor !== expected) return undefined;
    classes.unshift(expected);
    expected = Object.getPrototypeOf(expected);
  }
  return expected === Function.prototype ? classes : undefined;
}

function isNative(made: unknown): boolean {
  return typeof made !== 'function' || Function.prototype.toString.call(made).includes('[native code]');
}

/** What takes nothing, by its text: its length says nothing of defaults and of the rest. */
const PARAMETERLESS = /^(?:function\b[^(]*)?\(\s*\)(?!.*(?:\barguments\b|\[native code\]))/s;

function isConditional({ typeFunction, options }: TypeFact): boolean {
  if (typeof typeFunction !== 'function' || options?.discriminator !== undefined) return true;
  return !PARAMETERLESS.test(Function.prototype.toString.call(typeFunction));
}

/** Returns the storage if it is the one that the public decorators write to, in the shape known here. */
function trusted(candidate: Storage | undefined): Storage | undefined {
  class Probe {}
  for (const decorate of [Type(() => Date), Transform(() => 0), Expose(), Exclude()])
    decorate(Probe.prototype, 'probe');
  const { _typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas } = candidate ?? {};
  const all = [_typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas];
  const isKnown = all.every((metadata) => metadata instanceof Map && metadata.get(Probe)?.has('probe'));
  // What was found out about the probe must not stay.
  for (const metadata of all) if (metadata instanceof Map) metadata.delete(Probe);
  return isKnown ? candidate : undefined;
}
