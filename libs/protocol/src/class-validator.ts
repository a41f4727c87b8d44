import {
  buildMessage,
  registerDecorator,
  ValidatorConstraint,
  type ValidationArguments,
  type ValidationOptions,
  type ValidatorConstraintInterface,
} from 'class-validator';

type Name = 'isBigInt' | 'minBigInt' | 'maxBigInt';

class IsBigIntConstraint implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'bigint';
  }
}

class MinBigIntConstraint implements ValidatorConstraintInterface {
  validate(value: unknown, args?: ValidationArguments): boolean {
    return typeof value === 'bigint' && value >= limitOf(args);
  }
}

class MaxBigIntConstraint implements ValidatorConstraintInterface {
  validate(value: unknown, args?: ValidationArguments): boolean {
    return typeof value === 'bigint' && value <= limitOf(args);
  }
}

function limitOf(args?: ValidationArguments): bigint {
  const [limit] = (args?.constraints ?? []) as bigint[];
  return limit;
}

type ConstraintClass = new () => ValidatorConstraintInterface;

const CLASSES: Readonly<Record<Name, ConstraintClass>> = {
  isBigInt: IsBigIntConstraint,
  minBigInt: MinBigIntConstraint,
  maxBigInt: MaxBigIntConstraint,
};
for (const [name, cls] of Object.entries(CLASSES)) ValidatorConstraint({ name, async: false })(cls);

/** Checks that the value is a `bigint`. */
export function IsBigInt(options?: ValidationOptions): PropertyDecorator {
  return constraint('isBigInt', [], 'must be a bigint', options);
}

/**
 * Checks that the value is a `bigint` not less than a minimum.
 *
 * @throws {TypeError} when the minimum is not a `bigint`
 */
export function MinBigInt(min: bigint, options?: ValidationOptions): PropertyDecorator {
  return constraint('minBigInt', [limit('@MinBigInt', min)], 'must not be less than $constraint1', options);
}

/**
 * Checks that the value is a `bigint` not greater than a maximum.
 *
 * @throws {TypeError} when the maximum is not a `bigint`
 */
export function MaxBigInt(max: bigint, options?: ValidationOptions): PropertyDecorator {
  return constraint(
    'maxBigInt',
    [limit('@MaxBigInt', max)],
    'must not be greater than $constraint1',
    options,
  );
}

/** Returns the `bigint` constraint of a class, for the validation compiler. */
export function bigIntConstraintOf(constraintCls: unknown): Name | undefined {
  return (Object.keys(CLASSES) as Name[]).find((name) => CLASSES[name] === constraintCls);
}

function constraint(
  name: Name,
  constraints: readonly bigint[],
  demand: string,
  options?: ValidationOptions,
): PropertyDecorator {
  const message = buildMessage((eachPrefix) => `${eachPrefix}$property ${demand}`, options);
  return ({ constructor: target }, property) =>
    registerDecorator({
      name,
      target,
      propertyName: property as string,
      options: { message, ...options },
      constraints: [...constraints],
      validator: CLASSES[name],
    });
}

function limit(decorator: string, value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  throw new TypeError(
    `${decorator}(): the limit must be a bigint, such as 5n; got ${String(value)} (${typeof value}).`,
  );
}
