import type { ErrorDetail } from '@nestwire/protocol';
import { ValidationTypes } from './decorator-metadata.js';
import {
  typedClassOf,
  validatedProperties,
  type ValidatedClass,
  type ValidatedProperty,
} from './message-metadata.js';

/** Yields the errors in the shape of an instance. */
export type CheckShape = (instance: object, path?: string) => Generator<ErrorDetail>;

/** Returns the class in the emitted metadata of a property. */
export type DeclaredClassOf = (cls: ValidatedClass, property: string) => unknown;

type CheckProperty = (value: unknown, path: string) => Iterable<ErrorDetail>;

type CollectionClass = typeof Array | typeof Set | typeof Map;
type Collection = readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>;

const COLLECTIONS: readonly CollectionClass[] = [Array, Set, Map];

/**
 * Compiles the shape checks that class-validator lacks.
 *
 * They cover a class and its nested classes.
 *
 * They refuse a list in place of one object, a single value in place of a list, an object of another class
 * than the declared one, and NaN or an infinity unless `@IsNumber` permits it.
 */
export class MessageShapes {
  private readonly checks = new Map<ValidatedClass, CheckShape>();

  /** Checks by the actual class of an object, which a discriminator or the data may choose. */
  private readonly ofInstance: CheckShape = (instance, path) =>
    this.of(instance.constructor as ValidatedClass)(instance, path);

  constructor(private readonly declaredClassOf: DeclaredClassOf) {}

  /** Returns the check of a class, compiled once. */
  of(cls: ValidatedClass): CheckShape {
    const known = this.checks.get(cls);
    if (known) return known;
    // Register it before its parts are compiled, because a class may contain itself.
    const properties: Array<readonly [string, CheckProperty]> = [];
    const check: CheckShape = function* (instance, path = '') {
      for (const [name, checkProperty] of properties) {
        const value = (instance as Record<string, unknown>)[name];
        if (value === undefined || value === null) continue;
        yield* checkProperty(value, path ? `${path}.${name}` : name);
      }
    };
    this.checks.set(cls, check);
    for (const property of validatedProperties(cls))
      properties.push([property.name, this.propertyCheck(cls, property)]);
    return check;
  }

  private propertyCheck(cls: ValidatedClass, property: ValidatedProperty): CheckProperty {
    const declared = this.declaredClassOf(cls, property.name);
    const isNested = property.types.has(ValidationTypes.NESTED_VALIDATION);
    const check = isNested ? this.nestedCheck(cls, property, declared) : finiteCheck(property, declared);
    return isCollectionClass(declared) ? collectionCheck(declared, check) : check;
  }

  private nestedCheck(cls: ValidatedClass, property: ValidatedProperty, declared: unknown): CheckProperty {
    if (property.isNestedEach || isCollectionClass(declared)) return itemsCheck(this.ofInstance);
    const expected = isOwnClass(declared) ? declared : typedClassOf(cls, property.name);
    return objectCheck(expected, this.ofInstance);
  }
}

/** Returns true when a declared class is `Array`, `Set` or `Map`. */
export function isCollectionClass(declared: unknown): declared is CollectionClass {
  return COLLECTIONS.includes(declared as CollectionClass);
}

/** Returns true when a value is a list, a set or a map. */
export function isCollection(value: unknown): value is Collection {
  return COLLECTIONS.some((cls) => value instanceof cls);
}

/** Returns true when a declared class is more specific than `Object`. */
export function isOwnClass(declared: unknown): declared is ValidatedClass {
  return typeof declared === 'function' && declared !== Object;
}

/** Refuses a single value, which class-validator accepts as a list of one. */
function collectionCheck(declared: CollectionClass, next: CheckProperty): CheckProperty {
  const message = declared === Array ? 'must be a list' : `must be a ${declared.name}`;
  return (value, path) => (value instanceof declared ? next(value, path) : [{ path, message }]);
}

function finiteCheck(property: ValidatedProperty, declared: unknown): CheckProperty {
  if (permitsNonFinite(property, declared)) return () => [];
  return (value, path) => (isNonFinite(value) ? [{ path, message: 'must be a finite number' }] : []);
}

/** Returns true when the decorators of a property decide about NaN and infinities. */
export function permitsNonFinite({ constraints, types }: ValidatedProperty, declared: unknown): boolean {
  const isUntyped = !types.has(ValidationTypes.CUSTOM_VALIDATION) && declared !== Number;
  return isUntyped || constraints.has('isNumber');
}

/** Returns true for NaN or an infinity, and for a collection that contains one. */
export function isNonFinite(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  if (typeof value !== 'object') return false;
  return (
    isCollection(value) && [...value.values()].some((item) => typeof item === 'number' && isNonFinite(item))
  );
}

function itemsCheck(nested: CheckShape): CheckProperty {
  return function* (value, path) {
    if (!isCollection(value)) return yield { path, message: 'must be a list' };
    const entries = value instanceof Set ? [...value].entries() : value.entries();
    for (const [key, item] of entries) {
      const itemPath = `${path}.${String(key)}`;
      if (typeof item !== 'object' || item === null || Array.isArray(item))
        yield { path: itemPath, message: 'must be an object' };
      else yield* nested(item, itemPath);
    }
  };
}

function objectCheck(cls: ValidatedClass | undefined, nested: CheckShape): CheckProperty {
  return function* (value, path) {
    if (typeof value !== 'object' || value === null) return;
    if (isCollection(value)) yield { path, message: 'must be one object, not a list' };
    else if (cls && !(value instanceof cls)) yield { path, message: `must be a ${cls.name}` };
    else yield* nested(value, path);
  };
}
