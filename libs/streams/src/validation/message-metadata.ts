import * as classValidator from 'class-validator';
import { decodeMessage } from '@nestwire/protocol/internal';
import { bigIntConstraintOf } from '@nestwire/protocol/class-validator';

const { getMetadataStorage, ValidationTypes } = classValidator;

/** A class as class-validator and class-transformer take it. */
export type ValidatedClass = new (...args: never[]) => object;

/** What class-validator knows about one property of a class. */
export interface ValidatedProperty {
  readonly name: string;
  /** One for each of its decorators. */
  readonly metadatas: readonly ValidationMetadata[];
  /**
   * The types of its decorators: `customValidation`, `nestedValidation`,
   * `whitelistValidation`, …
   */
  readonly types: ReadonlySet<string>;
  /** Whether `@ValidateNested({ each: true })` stands there. */
  readonly isNestedEach: boolean;
  /** The names of its constraints, such as `isNumber`. */
  readonly constraints: ReadonlySet<string>;
}

type Storage = ReturnType<typeof getMetadataStorage>;

/** What class-validator wrote down for one decorator of a property. */
export type ValidationMetadata = ReturnType<Storage['getTargetValidationMetadatas']>[number];

/** What class-validator knows about a constraint, its one instance included. */
export type Constraint = ReturnType<Storage['getTargetValidatorConstraints']>[number];

/**
 * Returns the properties of a class that have class-validator decorators,
 * inherited ones included.
 */
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
 * The names that class-validator gives its own constraints; none of them is
 * asynchronous.
 */
const BUILT_IN: ReadonlySet<unknown> = new Set(
  Object.values(classValidator).filter((value) => typeof value === 'string'),
);

/**
 * Tells whether a constraint of the class may answer with a promise.
 *
 * So may each that is not built in: `validateSync` would take an unmarked promise for a yes.
 */
export function hasAsyncConstraints(cls: ValidatedClass): boolean {
  return metadataOf(cls).some((metadata) => {
    if (metadata.type === ValidationTypes.PROMISE_VALIDATION) return true;
    return constraintsOf(metadata).some((constraint) => !isBuiltIn(constraint));
  });
}

/** Returns the constraints behind a decorator: one for most, none for `@Allow`. */
export function constraintsOf(metadata: ValidationMetadata): readonly Constraint[] {
  if (!metadata.constraintCls) return [];
  return getMetadataStorage().getTargetValidatorConstraints(metadata.constraintCls);
}

/**
 * Tells whether a constraint is class-validator's own or this library's.
 *
 * These all answer at once.
 */
export function isBuiltIn({ async, name, target }: Constraint): boolean {
  return !async && (BUILT_IN.has(name) || bigIntConstraintOf(target) !== undefined);
}

function metadataOf(cls: ValidatedClass): ValidationMetadata[] {
  return getMetadataStorage().getTargetValidationMetadatas(cls, undefined as never, false, false);
}

/**
 * Returns the class that `@Type()` gives to a property; undefined without one.
 *
 * class-transformer does not tell by its public functions, so it is asked to make one.
 */
export function typedClassOf(cls: ValidatedClass, property: string): ValidatedClass | undefined {
  for (const probe of PROBES) {
    const made = firstItem(probed(cls, property, probe));
    if (typeof made !== 'object' || made === null) continue;
    if (made.constructor !== Object) return made.constructor as ValidatedClass;
  }
  return undefined;
}

/** An object, a list and a map of objects. */
const PROBES: readonly object[] = [{}, [{}], { probe: {} }];

function probed(cls: ValidatedClass, property: string, probe: object): unknown {
  try {
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
