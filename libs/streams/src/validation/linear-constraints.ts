import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { isLibrarys } from './built-in-constraints.js';
import type { ValidationMetadata } from './message-metadata.js';

type Validate = (value: unknown, args?: ValidationArguments) => Promise<boolean> | boolean;

/** Returns a linear form of a constraint; undefined when its arguments permit none. */
type Quicken = (instance: ValidatorConstraintInterface, metadata: ValidationMetadata) => Validate | undefined;

/** The maximum number of UTF-16 units that class-validator counts as one character. */
const UNITS_PER_CHARACTER = 3;
const LONE_SURROGATE = /\p{Surrogate}/u;

const QUICKENED: Readonly<Record<string, Quicken>> = {
  arrayUnique: (instance) => {
    const identify = identifierOf(instance);
    return (value, args) =>
      isPlainList(value) ? isUnique(identify ? value.map(identify) : value) : instance.validate(value, args);
  },
  minLength: withLeast,
  isLength: withLeast,
  isByteLength: (instance, { constraints }) => {
    const [least, most = Infinity] = (constraints ?? []) as unknown[];
    if (typeof least !== 'number' || typeof most !== 'number') return undefined;
    return (value, args) => {
      // class-validator throws for lone surrogates.
      if (typeof value !== 'string' || LONE_SURROGATE.test(value)) return instance.validate(value, args);
      const length = Buffer.byteLength(value);
      return length >= least && length <= most;
    };
  },
};

/**
 * Returns a constraint with the same results in linear time.
 *
 * `@ArrayUnique()` of class-validator takes quadratic time, and constraints that count characters or bytes
 * allocate a list of them. Other constraints, and an application's constraint with such a name, are returned
 * unchanged.
 */
export function linearInstance(
  metadata: ValidationMetadata,
  instance: ValidatorConstraintInterface,
): ValidatorConstraintInterface {
  const quicken = isLibrarys(metadata) ? QUICKENED[metadata.name ?? ''] : undefined;
  const validate = quicken?.(instance, metadata);
  return validate
    ? (Object.create(instance, { validate: { value: validate } }) as ValidatorConstraintInterface)
    : instance;
}

/** Skips counting for a text that is certainly long enough, if there is no maximum. */
function withLeast(
  instance: ValidatorConstraintInterface,
  { constraints }: ValidationMetadata,
): Validate | undefined {
  const [least, most] = (constraints ?? []) as unknown[];
  if (typeof least !== 'number' || most !== undefined) return undefined;
  const certain = least * UNITS_PER_CHARACTER;
  return (value, args) =>
    (typeof value === 'string' && value.length >= certain) || instance.validate(value, args);
}

/** Extracts the mapping function of the library's own constraint. */
function identifierOf(instance: ValidatorConstraintInterface): ((item: unknown) => unknown) | undefined {
  let identify: ((item: unknown) => unknown) | undefined;
  const map = (mapping: typeof identify): unknown[] => {
    identify = mapping;
    return [];
  };
  void instance.validate(Object.assign([], { map }));
  return identify;
}

/** Returns true for a list without overridden methods, which class-validator would call. */
function isPlainList(value: unknown): value is unknown[] {
  if (!Array.isArray(value) || Object.getPrototypeOf(value) !== Array.prototype) return false;
  return !Object.hasOwn(value, 'map') && !Object.hasOwn(value, 'filter') && !Object.hasOwn(value, 'indexOf');
}

/**
 * Returns true when no item is repeated, compared as `indexOf()` does: -0 equals 0; NaN and holes never
 * match.
 *
 * V8 hashes numbers and bigints without a seed, so a client could choose values that collide in a Set. So
 * numbers are sorted, and bigints are compared as texts.
 */
function isUnique(items: readonly unknown[]): boolean {
  const numbers: number[] = [];
  const bigints = new Set<string>();
  const others = new Set<unknown>();
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index];
    if (Number.isNaN(item) || !(index in items)) return false;
    if (typeof item === 'number') numbers.push(item);
    else if (typeof item === 'bigint' ? !isNew(bigints, String(item)) : !isNew(others, item)) return false;
  }
  const sorted = Float64Array.from(numbers).sort();
  return sorted.every((number, index) => index === 0 || number !== sorted[index - 1]);
}

function isNew<T>(seen: Set<T>, item: T): boolean {
  return seen.size !== seen.add(item).size;
}
