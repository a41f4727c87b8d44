import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { constraintLibrary } from './load-constraint-library.js';
import { constraintsOf, type ValidationMetadata } from './message-metadata.js';
import { isPromiseLike } from './promise-like.js';

/** Returns the code of an expression about `v`: true means valid, false means unknown. */
type WriteCode = (constraints: readonly unknown[]) => string | undefined;

const STACK_FRAMES = 20;
/** The maximum number of UTF-16 units that class-validator counts as one character. */
const UNITS_PER_CHARACTER = 3;

const CODE: Readonly<Record<string, WriteCode>> = {
  isString: () => `typeof v === 'string'`,
  isBoolean: () => `typeof v === 'boolean'`,
  isDate: () => 'v instanceof Date && !Number.isNaN(v.getTime())',
  isNumber: ([options]) => (isWithoutPlaces(options) ? 'Number.isFinite(v)' : undefined),
  min: ([least]) => number(least, (text) => `typeof v === 'number' && v >= ${text}`),
  max: ([most]) => number(most, (text) => `typeof v === 'number' && v <= ${text}`),
  minLength: ([least]) => number(least, (text) => `typeof v === 'string' && ${isLong(text)}`),
  maxLength: ([most]) => number(most, (text) => `typeof v === 'string' && v.length <= ${text}`),
  isLength: ([least, most]) =>
    number(least, (from) =>
      number(most, (to) => `typeof v === 'string' && ${isLong(from)} && v.length <= ${to}`),
    ),
};

/** The constraints of this library, which are identified by class. */
const BIGINT_CODE: Readonly<Record<string, WriteCode>> = {
  isBigInt: () => `typeof v === 'bigint'`,
  minBigInt: ([least]) => `typeof v === 'bigint' && v >= ${least as bigint}n`,
  maxBigInt: ([most]) => `typeof v === 'bigint' && v <= ${most as bigint}n`,
};

/**
 * Returns code for a built-in constraint that accepts most valid values.
 *
 * It is an expression about `v`; if it is false, the constraint must be called. Undefined for an unknown
 * constraint, and for an application's constraint with a library's name.
 */
export function quickCode(metadata: ValidationMetadata): string | undefined {
  const own = constraintLibrary().bigIntConstraintOf(metadata.constraintCls);
  if (own) return BIGINT_CODE[own]?.(metadata.constraints);
  return isLibrarys(metadata) ? CODE[metadata.name ?? '']?.(metadata.constraints ?? []) : undefined;
}

/**
 * Returns true when a decorator's constraint is the code of class-validator.
 *
 * False for constraints that are unknown here.
 */
export function isLibrarys(metadata: ValidationMetadata): boolean {
  const [constraint] = constraintsOf(metadata);
  if (!constraint || constraint.name !== metadata.name) return false;
  const known = constraintLibrary().references.get(constraint.name) ?? [];
  return known.some((reference) => isSameCode(reference, constraint.instance));
}

/**
 * Returns true when two constraints run the same code.
 *
 * Both are called with observing proxies; the stack traces identify all functions on the way. A constraint
 * that reads none of its arguments is unknown.
 */
function isSameCode(reference: ValidatorConstraintInterface, other: ValidatorConstraintInterface): boolean {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const seen: string[][] = [];
  try {
    setStacks({ stackTraceLimit: STACK_FRAMES });
    // Call both from one line, so that their callers are equal.
    for (const instance of [reference, other]) seen.push(observers(instance));
  } catch {
    return false;
  } finally {
    setStacks({ stackTraceLimit, prepareStackTrace });
  }
  const [known, unknown] = seen as [string[], string[]];
  return known.length > 0 && known.join('\n') === unknown.join('\n');
}

/** Sets the stack options of the process; a frozen Error ignores them, and the check then fails safely. */
function setStacks(settings: Partial<Pick<ErrorConstructor, 'stackTraceLimit' | 'prepareStackTrace'>>): void {
  Reflect.set(Error, 'stackTraceLimit', settings.stackTraceLimit);
  Reflect.set(Error, 'prepareStackTrace', settings.prepareStackTrace);
}

/** Returns the stack of each access to a value, a list or the arguments of a constraint. */
function observers(instance: ValidatorConstraintInterface): string[] {
  const stacks: string[] = [];
  const note = (): void => {
    const { stack } = new Error();
    if (typeof stack !== 'string' || !stack.includes('\n')) throw new Error('Stack traces are disabled.');
    stacks.push(stack);
  };
  const value = new Proxy(
    {},
    {
      getPrototypeOf: () => (note(), null),
      get: note,
      has: () => (note(), false),
      ownKeys: () => (note(), []),
    },
  );
  const list = new Proxy<unknown[]>([], {
    get: (target, key) => (note(), Reflect.get(target, key) as unknown),
  });
  const given = { get: (_: object, key: string) => (note(), key === 'constraints' ? [] : undefined) };
  for (const asked of [value, list]) {
    const answer = instance.validate(asked, new Proxy({}, given) as ValidationArguments);
    // An application's constraint; its rejection must not end the process.
    if (!isPromiseLike(answer)) continue;
    answer.then(undefined, () => undefined);
    return [];
  }
  return stacks;
}

function number(value: unknown, write: (text: string) => string | undefined): string | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? write(String(value)) : undefined;
}

function isLong(least: string): string {
  return `v.length >= ${UNITS_PER_CHARACTER} * ${least}`;
}

/** Returns true without `maxDecimalPlaces`; all finite numbers are valid then. */
function isWithoutPlaces(options: unknown): boolean {
  const { maxDecimalPlaces } = (options ?? {}) as { maxDecimalPlaces?: unknown };
  return maxDecimalPlaces === undefined;
}
