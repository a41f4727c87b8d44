import type { TypeOptions } from 'class-transformer';

/** A class that class-transformer can construct. */
export type TransformedClass = new (...args: never[]) => object;

/** The `@Type` of a property. */
export interface TypeFact {
  /** Returns the class. It may change between calls, but does not depend on its arguments. */
  readonly typeFunction: () => unknown;
  /** The class in the metadata that the compiler emits for the property. */
  readonly reflectedType: unknown;
  readonly options?: TypeOptions;
}

/** The transformations of a class that consist of types only. */
export interface TransformFacts {
  readonly types: ReadonlyMap<string, TypeFact>;
}

type Metadata = ReadonlyMap<unknown, ReadonlyMap<string, unknown>>;

/** The metadata of class-transformer's decorators. */
export interface TransformStorage {
  readonly _typeMetadatas: Metadata;
  readonly _transformMetadatas: Metadata;
  readonly _exposeMetadatas: Metadata;
  readonly _excludeMetadatas: Metadata;
}

/** Null while class-transformer is not loaded; undefined when its metadata cannot be read. */
let storage: TransformStorage | undefined | null = null;

/** Sets the metadata of class-transformer; undefined when it is unreadable. */
export function useTransformStorage(known: TransformStorage | undefined): void {
  storage = known;
}

/**
 * Returns the class-transformer metadata of a class and its ancestors.
 *
 * @returns undefined when the class needs more than types: `@Transform`, `@Expose`, `@Exclude`, a
 * discriminator or a method `then`; also when class-transformer stores its metadata in an unknown way. Without
 * class-transformer no class has decorators of it
 */
export function transformFactsOf(cls: TransformedClass): TransformFacts | undefined {
  const classes = storage === undefined ? undefined : ancestry(cls);
  // class-transformer treats an instance with a method "then" as a promise.
  if (!classes || 'then' in cls.prototype) return undefined;
  const types = new Map<string, TypeFact>();
  for (const ancestor of storage ? classes : []) {
    const metadata = storage as TransformStorage;
    const { _transformMetadatas, _exposeMetadatas, _excludeMetadatas } = metadata;
    const others = [_transformMetadatas, _exposeMetadatas, _excludeMetadatas];
    if (others.some((other) => other.get(ancestor)?.size)) return undefined;
    for (const [name, fact] of metadata._typeMetadatas.get(ancestor) ?? []) types.set(name, fact as TypeFact);
  }
  return [...types.values()].some(isConditional) ? undefined : { types };
}

/** Returns the names of the decorated properties of a class and its ancestors. */
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

/** Returns the properties that `@Expose({ name })` renames, by their name in data. */
export function renamedPropertiesOf(cls: TransformedClass): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>();
  for (const ancestor of extended(cls))
    for (const [property, fact] of storage?._exposeMetadatas.get(ancestor) ?? []) {
      const { options } = fact as { readonly options?: { readonly name?: string } };
      // The metadata of the class overrides that of its ancestors.
      if (options?.name !== undefined && !renamed.has(options.name)) renamed.set(options.name, property);
    }
  return renamed;
}

/**
 * Returns the classes that `@Type` gives to the properties of a class.
 *
 * Inherited properties and the alternatives of a discriminator are included.
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
    // A type function that needs its argument yields no class here.
    return others;
  }
}

/**
 * Returns the class and its ancestors, the class last, so that its metadata overrides theirs.
 *
 * Undefined for a class that extends a built-in, which class-transformer handles itself. Also undefined when
 * the prototype chain differs from the chain of constructors, which class-transformer follows.
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

/** The source text of a function without parameters; `length` ignores defaults and rest parameters. */
const PARAMETERLESS = /^(?:function\b[^(]*)?\(\s*\)(?!.*(?:\barguments\b|\[native code\]))/s;

function isConditional({ typeFunction, options }: TypeFact): boolean {
  if (typeof typeFunction !== 'function' || options?.discriminator !== undefined) return true;
  return !PARAMETERLESS.test(Function.prototype.toString.call(typeFunction));
}
