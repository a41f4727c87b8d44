import { decodeMessage } from '@nestwire/protocol/internal';
import { constraintLibrary } from './load-constraint-library.js';
import { metadataStorage, ValidationTypes, type MetadataStorage } from './decorator-metadata.js';

/** A class for class-validator and class-transformer. */
export type ValidatedClass = new (...args: never[]) => object;

/** The decorators of one property. */
export interface ValidatedProperty {
  readonly name: string;
  /** The metadata of its decorators. */
  readonly metadatas: readonly ValidationMetadata[];
  /** The types of its decorators: `customValidation`, `nestedValidation`, `whitelistValidation`, … */
  readonly types: ReadonlySet<string>;
  /** True with `@ValidateNested({ each: true })`. */
  readonly isNestedEach: boolean;
  /** The names of its constraints, such as `isNumber`. */
  readonly constraints: ReadonlySet<string>;
}

/** The metadata of one decorator of a property. */
export type ValidationMetadata = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];

/** The metadata of a constraint, with its one instance. */
export type Constraint = ReturnType<MetadataStorage['getTargetValidatorConstraints']>[number];

/** Returns the decorated properties of a class, including inherited ones. */
export function validatedProperties(cls: ValidatedClass): ValidatedProperty[] {
  const byName = new Map<string, ValidationMetadata[]>();
  for (const metadata of metadataOf(cls))
    byName.set(metadata.propertyName, [...(byName.get(metadata.propertyName) ?? []), metadata]);
  return [...byName].map(([name, metadatas]) => ({
    name,
    metadatas,
    types: new Set(metadatas.map(({ type }) => type)),
    isNestedEach: metadatas.some(({ type, each }) => type === ValidationTypes.NESTED_VALIDATION && each),
    constraints: new Set(metadatas.map(({ name: constraint }) => constraint ?? '')),
  }));
}

/**
 * Returns true when a constraint of the class may return a promise.
 *
 * All constraints that are not built in may, because `validateSync` would accept an unmarked promise as
 * success.
 */
export function hasAsyncConstraints(cls: ValidatedClass): boolean {
  return metadataOf(cls).some((metadata) => {
    if (metadata.type === ValidationTypes.PROMISE_VALIDATION) return true;
    return constraintsOf(metadata).some((constraint) => !isBuiltIn(constraint));
  });
}

/** Returns the constraints of a decorator: usually one, none for `@Allow`. */
export function constraintsOf(metadata: ValidationMetadata): readonly Constraint[] {
  if (!metadata.constraintCls) return [];
  return metadataStorage()?.getTargetValidatorConstraints(metadata.constraintCls) ?? [];
}

/**
 * Returns true for a constraint of class-validator or this library.
 *
 * These constraints are synchronous.
 */
export function isBuiltIn({ async, name, target }: Constraint): boolean {
  const { names, bigIntConstraintOf } = constraintLibrary();
  return !async && (names.has(name) || bigIntConstraintOf(target) !== undefined);
}

function metadataOf(cls: ValidatedClass): ValidationMetadata[] {
  // `never`, because the declared type of the schema's name leaves out undefined, which means any schema.
  return metadataStorage()?.getTargetValidationMetadatas(cls, undefined as never, false, false) ?? [];
}

/**
 * Returns the class that `@Type()` gives to a property; undefined without one.
 *
 * class-transformer has no public function for it, so a probe instance is made.
 */
export function typedClassOf(cls: ValidatedClass, property: string): ValidatedClass | undefined {
  for (const probe of PROBES) {
    const made = firstItem(probed(cls, property, probe));
    if (typeof made !== 'object' || made === null) continue;
    if (made.constructor !== Object) return made.constructor as ValidatedClass;
  }
  return undefined;
}

/** The probes: an object, a list and a map of objects. */
const PROBES: readonly object[] = [{}, [{}], { probe: {} }];

function probed(cls: ValidatedClass, property: string, probe: object): unknown {
  try {
    // `never`, because the class need not be a message.
    const made: object = decodeMessage(cls as never, { [property]: probe });
    return (made as Record<string, unknown>)[property];
  } catch {
    return undefined;
  }
}

function firstItem(value: unknown): unknown {
  const isCollection = Array.isArray(value) || value instanceof Set || value instanceof Map;
  return isCollection ? [...value.values()][0] : value;
}
