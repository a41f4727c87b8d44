import {
  getMetadataStorage,
  IsBoolean,
  IsDate,
  IsInt,
  IsNumber,
  IsString,
  isString,
  Length,
  Max,
  MaxLength,
  maxLength,
  Min,
  MinLength,
  ValidateBy,
  type ValidationArguments,
} from 'class-validator';
import { IsBigInt, MaxBigInt, MinBigInt } from '@nestwire/protocol/class-validator';
import { quickCode } from './built-in-constraints.js';
import '../../../../test/rig/message-libraries.js';

function metadataOf(decorate: PropertyDecorator) {
  class Subject {}
  decorate(Subject.prototype, 'property');
  return getMetadataStorage().getTargetValidationMetadatas(Subject, '', false, false)[0]!;
}

function codeOf(decorate: PropertyDecorator): string | undefined {
  return quickCode(metadataOf(decorate));
}

/** Returns the code as a function, as a check uses it. */
function accepting(code: string): (value: unknown) => unknown {
  // oxlint-disable-next-line typescript/no-implied-eval -- generated code is under test
  return new Function('v', `return ${code}`) as (value: unknown) => unknown;
}

function named(name: string, validate: (value: unknown, args?: ValidationArguments) => boolean) {
  return ValidateBy({
    name,
    constraints: [5],
    validator: { validate, defaultMessage: () => '$property must be a string' },
  });
}

describe('The code for a constraint', () => {
  it.each([
    ['IsString', IsString(), ['', 'x'], [1, null, undefined]],
    ['IsBoolean', IsBoolean(), [true, false], [0, '']],
    ['IsDate', IsDate(), [new Date(5)], [new Date(Number.NaN), 5, '2026-11-23']],
    ['IsNumber', IsNumber(), [1.5, 0, -0], [Number.NaN, Infinity, '1']],
    ['IsNumber with NaN', IsNumber({ allowNaN: true }), [1.5], ['1', null]],
    ['Min', Min(2), [2, 3], [1, '3', Number.NaN]],
    ['Max', Max(2), [2, -3], [3, '1', Number.NaN]],
    ['MinLength', MinLength(2), ['abcdef'], ['', 'a', 5]],
    ['MaxLength', MaxLength(2), ['', 'ab'], ['abc', 5]],
    ['Length', Length(1, 4), ['abc'], ['', 'abcde', 5]],
    ['IsBigInt', IsBigInt(), [0n, -5n], [5, '5', null, Object(5n)]],
    ['MinBigInt', MinBigInt(-(2n ** 64n)), [-(2n ** 64n), 0n], [-(2n ** 64n) - 1n, 0, '0']],
    ['MaxBigInt', MaxBigInt(2n ** 64n), [2n ** 64n, 0n], [2n ** 64n + 1n, 0, '0']],
  ] as const)(
    'of %s accepts at once what it should, and nothing that the constraint refuses',
    (_, decorate, good, bad) => {
      const accepts = accepting(codeOf(decorate)!);

      expect(good.map((value) => accepts(value))).toEqual(good.map(() => true));
      expect(bad.map((value) => accepts(value))).toEqual(bad.map(() => false));
    },
  );

  it('counts what stands for one character as class-validator does, or leaves it to it', () => {
    const accepts = accepting(codeOf(MinLength(2))!);

    expect(accepts('👩‍👩')).toBe(false);
    expect(accepts('a\uFE0F')).toBe(false);
  });

  it.each([
    ['that looks at nothing it could be known by', IsInt()],
    ['with a number of decimal places', IsNumber({ maxDecimalPlaces: 2 })],
    ['with a limit that is no number', MaxLength('5' as never)],
    ['with a limit that limits nothing', Max(Infinity)],
  ])('is not there for one %s', (_, decorate) => {
    expect(codeOf(decorate)).toBeUndefined();
  });

  it.each([
    [
      'is stricter',
      named('isString', (value) => value instanceof String || (typeof value === 'string' && value !== 'x')),
    ],
    ['asks the real one first', named('isString', (value) => isString(value) && value !== 'x')],
    [
      'asks the real one with its arguments',
      named('maxLength', (value, args) => maxLength(value, args!.constraints[0] as number) && value !== 'x'),
    ],
    ['looks at nothing', named('isString', () => false)],
    ['has a name of this library', named('isBigInt', () => true)],
    ['fails later', named('isString', (async () => Promise.reject(new Error('later'))) as never)],
  ])(
    "is not there for one of the application's own with a name of class-validator that %s",
    (_, decorate) => {
      expect(codeOf(decorate)).toBeUndefined();
    },
  );

  it('is not there where stacks cannot be read', () => {
    const descriptor = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')!;
    Object.defineProperty(Error, 'stackTraceLimit', { value: 0, writable: false, configurable: true });
    try {
      expect(codeOf(IsString())).toBeUndefined();
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', descriptor);
    }
  });
});
