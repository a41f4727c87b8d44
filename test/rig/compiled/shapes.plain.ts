/* oxlint-disable no-unused-vars -- the class decorators collect the classes */
import { Type } from '@nestwire/protocol/class-transformer';
import {
  Allow,
  ArrayMaxSize,
  ArrayMinSize,
  ArrayNotEmpty,
  ArrayUnique,
  Equals,
  IsArray,
  IsBoolean,
  IsDate,
  IsDefined,
  IsDivisibleBy,
  IsEmpty,
  IsEnum,
  IsIn,
  IsInstance,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  Length,
  Matches,
  Max,
  MaxDate,
  MaxLength,
  Min,
  MinDate,
  MinLength,
} from 'class-validator';
import { DECODE, ENCODE, shape } from './shape.js';

enum Colour {
  Red = 'red',
  Green = 'green',
}

enum Level {
  Low,
  High,
}

export const DATE = { $date: '2026-11-23T10:00:00.000Z' };

/** Dates as clients may write them, good and bad, and at the borders of what four digits can say. */
export const DATES: readonly unknown[] = [
  ...[DATE, { $date: '0000-01-01T00:00:00.000Z' }, { $date: '9999-12-31T23:59:59.999Z' }],
  ...[{ $date: '+010000-01-01T00:00:00.000Z' }, { $date: '-000001-12-31T23:59:59.999Z' }],
  ...[{ $date: '2026-02-30T00:00:00.000Z' }, { $date: '2026-11-23T24:00:00.000Z' }],
  ...[{ $date: '2026-11-23T10:00:00Z' }, { $date: '2026-11-23T10:00:00.000+02:00' }, { $date: 5 }],
  ...[{ $date: '2026-99-23T10:00:00.000Z' }, { $date: '' }, { $date: null }, { ...DATE, more: 1 }],
  ...[{ ...DATE, $set: [] }, { $date: DATE }, '2026-11-23', '2026-11-23T10:00:00.000Z', 'tomorrow', ''],
  ...[0, -1, 8.64e15, 8.64e15 + 1, 1.5, true, null, [], [DATE], ['2026-11-23', DATE, null, 5, 'no']],
];

@shape({
  accepts: [{ a: 'x' }, { a: '' }],
  values: ['"', '\\', '\u0000', '\ud800', '😀', '\u2028', '\u007f'],
})
class Text {
  @IsString() a!: string;
}

@shape({ accepts: [{ a: 1, b: -5, c: 1.25 }], values: [5, 6, -5, -6, 1.255, 1e21, 1e-7, -0, 1e308] })
class Numbers {
  @IsInt() @Min(-5) @Max(5) a!: number;
  @IsNumber() b!: number;
  @IsNumber({ maxDecimalPlaces: 2 }) c!: number;
}

@shape({ accepts: [{ d: { $number: 'NaN' } }, { d: { $number: '-0' } }], leaves: ENCODE })
class OddNumbers {
  @IsNumber({ allowNaN: true, allowInfinity: true }) d!: number;
  @IsOptional() @IsPositive() p?: number;
}

@shape({ accepts: [{ a: true, b: 2, c: 10 }], values: [false, 0, 5, 7] })
class Signed {
  @IsBoolean() a!: boolean;
  @IsPositive() b!: number;
  @IsDivisibleBy(5) c!: number;
}

@shape({ accepts: [{ a: 'red', b: 1, c: null }], values: ['red', 'green', 0, 'x', 2, null] })
class Choices {
  @IsEnum(Colour) a!: Colour;
  @IsEnum(Level) b!: Level;
  @IsIn(['x', 1, null]) c!: unknown;
}

@shape({ accepts: [{ a: 'abc', c: 'x-1' }], values: ['a', 'abcdef', 'y-2', 'y-22'] })
class Texts {
  @MinLength(2) @MaxLength(5) a!: string;
  @Matches(/^[a-z]-\d$/g) c!: string;
}

@shape({ accepts: [{}, { a: 'x', b: 1, c: null }, { a: null, b: null }] })
class Optionals {
  @IsOptional() @IsString() a?: string | null;
  @IsOptional() @IsInt() b?: number | null;
  @IsOptional() c?: unknown;
}

@shape({
  accepts: [
    { a: 0, b: '' },
    { a: [], b: {} },
    { a: [1], each: ['x', 0] },
  ],
  values: [[null], [[]]],
})
class Presence {
  @IsDefined() a!: unknown;
  @Allow() b?: unknown;
  @IsOptional() @IsDefined({ each: true }) each?: unknown;
}

@shape({ accepts: [{ a: 1 }, { a: 1, b: '' }, { a: 1, b: null }] })
class Odd {
  @Equals(1) a!: number;
  @IsEmpty() b?: unknown;
}

@shape({
  accepts: [{ tags: ['a', 'b'], counts: [1, 2] }, { tags: [] }],
  values: [
    ['a', 'b', 'c', 'd'],
    [1, 'a'],
  ],
})
class Lists {
  @IsArray() @ArrayMaxSize(3) @IsString({ each: true }) tags!: string[];
  @IsOptional() @IsInt({ each: true }) counts?: number[];
}

@shape({
  accepts: [{ a: ['x'], b: ['x', 'y'], c: ['red'] }],
  values: [['x', 'y', 'z'], ['abcd'], ['x', 'x']],
})
class Sized {
  @ArrayMinSize(1) @ArrayMaxSize(2) a!: string[];
  @ArrayNotEmpty() @ArrayUnique() @Length(1, 3, { each: true }) b!: string[];
  @IsEnum(Colour, { each: true }) c!: Colour[];
}

@shape({
  accepts: [{ set: { $set: [1, 2] }, map: { $map: [['a', 1]] } }, { set: { $set: [] } }],
  values: [{ $set: ['a'] }, { $map: [['a', 'b']] }, { $map: [[{}, 1]] }, { $set: [1, { $set: [1] }] }],
  leaves: ENCODE,
})
class Collections {
  @IsInt({ each: true }) set!: Set<number>;
  @IsOptional() @IsInt({ each: true }) map?: Map<string, number>;
}

@shape({
  accepts: [{ loose: ['a'] }, { loose: 'a' }],
  values: [{ $set: ['a'] }, { $map: [[1, 'a']] }, [['a']]],
})
class LooseEach {
  @IsString({ each: true }) loose!: unknown;
}

@shape({
  accepts: [{ at: DATE }, { at: '2026-11-23' }, { at: DATE, list: [DATE, '2026-11-23'] }],
  values: DATES,
})
class Dates {
  @IsDate() @Type(() => Date) at!: Date;
  @IsOptional() @IsDate({ each: true }) @Type(() => Date) list?: Date[];
}

@shape({ accepts: [{ at: DATE }, { at: DATE, any: DATE }], values: DATES })
class TaggedDates {
  @IsDate() @MinDate(new Date(0)) @MaxDate(() => new Date(4e12)) at!: Date;
  @IsOptional() any?: unknown;
}

@shape({ accepts: [{ list: [DATE] }], values: DATES })
class UntypedDates {
  @IsDate({ each: true }) list!: Date[];
}

@shape({
  accepts: [{ any: { a: [1, { b: 2 }] } }, { any: 'x', map: { x: { y: null } } }],
  values: [
    ...[{ a: DATE }, { $map: [[1, { a: { $bigint: '5' } }]] }, { $plain: { $a: 1, $type: 2 } }],
    ...[{ 10: 'a', 9: 'b', x: 1 }, { '': 1 }, { 'a"b': '\ud800' }, { length: 3 }, { '😀': ['😀'] }],
  ],
})
class Anything {
  @Allow() any!: unknown;
  @IsOptional() @IsObject() map?: Record<string, unknown>;
}

@shape({ accepts: [{ bytes: { $bytes: 'AAEC' }, big: { $bigint: '5' } }] })
class Special {
  @IsInstance(Uint8Array) bytes!: Uint8Array;
  @IsOptional() big?: bigint;
}

@shape({ accepts: [{ text: 'x', extra: 'y' }] })
class Always {
  @IsString({ always: true, message: 'no' }) text!: string;
  @IsString({ context: { code: 1 }, always: false }) extra!: string;
}

@shape({
  accepts: [{ at: DATE, n: 5, s: 'x', b: true, ns: [1, null, 2] }],
  values: ['5', 5, 'x', true, 0, '', [1, '2'], [['1']], [null], {}, DATE, { $number: 'NaN' }, [{}]],
})
class Typed {
  @IsNumber() @Type(() => Number) n!: number;
  @IsOptional() @IsString() @Type(() => String) s?: string;
  @IsOptional() @IsBoolean() @Type(() => Boolean) b?: boolean;
  @IsOptional() @Type(() => Number) ns?: (number | null)[];
  @IsOptional() @Type(() => Date) at?: Date;
}

@shape({
  accepts: [{ n: '5' }, { n: 5, s: 5 }, { n: 5, b: 'x' }],
  values: ['5', 5, 'x', true],
  leaves: DECODE,
})
class Coerced {
  @IsNumber() @Type(() => Number) n!: number;
  @IsOptional() @IsString() @Type(() => String) s?: string;
  @IsOptional() @IsBoolean() @Type(() => Boolean) b?: boolean;
}

@shape({ accepts: [{ 1: 'a', 0: 'b', x: 'c' }], leaves: ['encode'] })
class Numbered {
  @IsOptional() @IsString() x?: string;
  @IsString() 0!: string;
  @IsString() 1!: string;
}
