import {
  ArrayUnique,
  getMetadataStorage,
  IsBoolean,
  IsByteLength,
  IsDate,
  IsNumber,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  MinLength,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { bigIntConstraintOf } from '@nestwire/protocol/class-validator';
import { constraintsOf, type ValidationMetadata } from './message-metadata.js';
import { isPromiseLike } from './promise-like.js';

/** Writes the code of an expression about `v`; true is certain, false is not. */
type WriteCode = (constraints: readonly unknown[]) => string | undefined;

const STACK_FRAMES = 20;
/** A character that class-validator counts as one has at most so many units of UTF-16. */
const UNITS_PER_CHARACTER = 3;

/** Has each constraint that is known here, as class-validator's own decorators make it. */
class Reference {}

const references = new Map<string, ValidatorConstraintInterface[]>();
for (const decorate of [
  ...[IsString(), IsBoolean(), IsDate(), IsNumber()],
  ...[MinLength(1), MaxLength(1), Length(1, 1), Min(1), Max(1)],
  ...[IsByteLength(1), ArrayUnique(), ArrayUnique((item) => item)],
])
  decorate(Reference.prototype, 'property');
for (const metadata of getMetadataStorage().getTargetValidationMetadatas(Reference, '', false, false))
  references.set(metadata.name!, [
    ...(references.get(metadata.name!) ?? []),
    constraintsOf(metadata)[0]!.instance,
  ]);

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

/** The constraints of this library, which are known by their classes. */
const BIGINT_CODE: Readonly<Record<string, WriteCode>> = {
  isBigInt: () => `typeof v === 'bigint'`,
  minBigInt: ([least]) => `typeof v === 'bigint' && v >= ${least as bigint}n`,
  maxBigInt: ([most]) => `typeof v === 'bigint' && v <= ${most as bigint}n`,
};

/**
 * Returns code that accepts most of what a built-in constraint accepts.
 *
 * An expression about `v`: where it is false, the constraint has to be asked. Undefined for a
 * constraint that is not known, or not certainly the library's: anybody may use its names.
 */
export function quickCode(metadata: ValidationMetadata): string | undefined {
  const own = bigIntConstraintOf(metadata.constraintCls);
  if (own) return BIGINT_CODE[own]!(metadata.constraints);
  return isLibrarys(metadata) ? CODE[metadata.name ?? '']?.(metadata.constraints ?? []) : undefined;
}

/**
 * Tells whether the constraint of a decorator is certainly class-validator's.
 *
 * False for those that are not known here.
 */
export function isLibrarys(metadata: ValidationMetadata): boolean {
  const [constraint] = constraintsOf(metadata);
  if (!constraint || constraint.name !== metadata.name) return false;
  const known = references.get(constraint.name) ?? [];
  return known.some((reference) => isSameCode(reference, constraint.instance));
}

/**
 * Tells whether two constraints are the same code.
 *
 * Both are given things that note who looks at them; the places in the code tell all functions that were
 * called on the way. A constraint that looks at nothing is not known.
 */
function isSameCode(reference: ValidatorConstraintInterface, other: ValidatorConstraintInterface): boolean {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const seen: string[][] = [];
  try {
    setStacks({ stackTraceLimit: STACK_FRAMES });
    // From one place, so that the callers of both are the same.
    for (const instance of [reference, other]) seen.push(observers(instance));
  } catch {
    return false;
  } finally {
    setStacks({ stackTraceLimit, prepareStackTrace });
  }
  const [known, unknown] = seen as [string[], string[]];
  return known.length > 0 && known.join('\n') === unknown.join('\n');
}

/** Some processes let nobody change these; then no stack comes, or one that somebody else writes. */
function setStacks(settings: Partial<Pick<ErrorConstructor, 'stackTraceLimit' | 'prepareStackTrace'>>): void {
  Reflect.set(Error, 'stackTraceLimit', settings.stackTraceLimit);
  Reflect.set(Error, 'prepareStackTrace', settings.prepareStackTrace);
}

/** Returns the stack of each look at a value, at a list, or at the arguments of a constraint. */
function observers(instance: ValidatorConstraintInterface): string[] {
  const stacks: string[] = [];
  const note = (): void => {
    const { stack } = new Error();
    if (typeof stack !== 'string' || !stack.includes('\n')) throw new Error('Stacks cannot be read here.');
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
    // One of the application's own, in spite of its name; what it says of this must not end the process.
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

/** Without a number of places all finite numbers are accepted. */
function isWithoutPlaces(options: unknown): boolean {
  const { maxDecimalPlaces } = (options ?? {}) as { maxDecimalPlaces?: unknown };
  return maxDecimalPlaces === undefined;
}
