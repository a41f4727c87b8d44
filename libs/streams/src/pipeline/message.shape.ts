import type { ErrorDetail } from '@nestwire/protocol';
import { ValidationTypes } from 'class-validator';
import {
  typedClassOf,
  validatedProperties,
  type ValidatedClass,
  type ValidatedProperty,
} from './message.metadata.js';

/** Yields what is wrong with the shape of an instance. */
export type CheckShape = (instance: object, path?: string) => Generator<ErrorDetail>;

/** Reads the class that the compiler wrote down for a property. */
export type DeclaredClassOf = (cls: ValidatedClass, property: string) => unknown;

type CheckProperty = (value: unknown, path: string) => Iterable<ErrorDetail>;

const COLLECTIONS: readonly unknown[] = [Array, Set, Map];

/**
 * Compiles the checks that class-validator leaves out, for a class and the classes nested in it.
 *
 * A list where one object is declared, an object of another class than the declared one, and NaN or an
 * infinity where no `@IsNumber` permits it are refused.
 */
export class MessageShapes {
  private readonly checks = new Map<ValidatedClass, CheckShape>();

  constructor(private readonly declaredClassOf: DeclaredClassOf) {}

  /** Returns the check of a class, compiled once. */
  of(cls: ValidatedClass): CheckShape {
    const known = this.checks.get(cls);
    if (known) return known;
    // Known before its parts are compiled: a class may contain itself.
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
    if (!property.types.has(ValidationTypes.NESTED_VALIDATION)) return finiteCheck(property);
    const typed = typedClassOf(cls, property.name);
    const nested = typed && this.of(typed);
    const declared = this.declaredClassOf(cls, property.name);
    if (property.isNestedEach || COLLECTIONS.includes(declared)) return itemsCheck(nested);
    return objectCheck(isOwnClass(declared) ? declared : typed, nested);
  }
}

function isOwnClass(declared: unknown): declared is ValidatedClass {
  return typeof declared === 'function' && declared !== Object;
}

function finiteCheck({ constraints, types }: ValidatedProperty): CheckProperty {
  const isPermitted = constraints.has('isNumber') || !types.has(ValidationTypes.CUSTOM_VALIDATION);
  if (isPermitted) return () => [];
  return (value, path) => (isNonFinite(value) ? [{ path, message: 'must be a finite number' }] : []);
}

function isNonFinite(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  const isCollection = Array.isArray(value) || value instanceof Set || value instanceof Map;
  return (
    isCollection && [...value.values()].some((item) => typeof item === 'number' && !Number.isFinite(item))
  );
}

function itemsCheck(nested: CheckShape | undefined): CheckProperty {
  return function* (value, path) {
    if (!Array.isArray(value) && !(value instanceof Set) && !(value instanceof Map)) return;
    const entries = Array.isArray(value) || value instanceof Map ? value.entries() : [...value].entries();
    for (const [key, item] of entries) {
      const itemPath = `${path}.${String(key)}`;
      if (typeof item !== 'object' || item === null || Array.isArray(item))
        yield { path: itemPath, message: 'must be an object' };
      else if (nested) yield* nested(item, itemPath);
    }
  };
}

function objectCheck(cls: ValidatedClass | undefined, nested: CheckShape | undefined): CheckProperty {
  return function* (value, path) {
    if (typeof value !== 'object' || value === null) return;
    const isList = Array.isArray(value) || value instanceof Set || value instanceof Map;
    if (isList) yield { path, message: 'must be one object, not a list' };
    else if (cls && !(value instanceof cls)) yield { path, message: `must be a ${cls.name}` };
    else if (nested) yield* nested(value, path);
  };
}
