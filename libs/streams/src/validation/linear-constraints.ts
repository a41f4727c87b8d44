import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { isLibrarys } from './built-in-constraints.js';
import type { ValidationMetadata } from './message-metadata.js';

type Validate = (value: unknown, args?: ValidationArguments) => Promise<boolean> | boolean;

/** Makes a quicker form of a constraint; undefined where there is none for its arguments. */
type Quicken = (instance: ValidatorConstraintInterface, metadata: ValidationMetadata) => Validate | undefined;

/** A character that class-validator counts as one has at most so many units of UTF-16. */
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
      // class-validator throws at what UTF-8 cannot hold.
      if (typeof value !== 'string' || LONE_SURROGATE.test(value)) return instance.validate(value, args);
      const length = Buffer.byteLength(value);
      return length >= least && length <= most;
    };
  },
};

/**
 * Returns a constraint with the same answers in linear time.
 *
 * `@ArrayUnique()` of class-validator takes quadratic time, and what counts characters or bytes makes a
 * list of them. Any other constraint, and one of the application under such a name, is returned as it is.
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

/** A text that is certainly long enough need not be counted where no maximum stands beside. */
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

/** Takes from the library's own constraint the function that it maps the items of a list with. */
function identifierOf(instance: ValidatorConstraintInterface): ((item: unknown) => unknown) | undefined {
  let identify: ((item: unknown) => unknown) | undefined;
  const map = (mapping: typeof identify): unknown[] => {
    identify = mapping;
    return [];
  };
  void instance.validate(Object.assign([], { map }));
  return identify;
}

/** A list with methods of its own may tell class-validator another story. */
function isPlainList(value: unknown): value is unknown[] {
  if (!Array.isArray(value) || Object.getPrototypeOf(value) !== Array.prototype) return false;
  return !Object.hasOwn(value, 'map') && !Object.hasOwn(value, 'filter') && !Object.hasOwn(value, 'indexOf');
}

/**
 * Tells whether no item comes twice, as `indexOf()` compares: -0 is 0, and NaN and holes are never found.
 *
 * V8 hashes numbers and bigints without a seed, so that a client can choose ones that all collide in a Set.
 * Numbers are sorted instead, and bigints are compared by their digits.
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
