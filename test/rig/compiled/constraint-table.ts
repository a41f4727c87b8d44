import type { ValidationOptions } from 'class-validator';
import * as classValidator from 'class-validator';
import { IsBigInt, MaxBigInt, MinBigInt } from '@nestwire/protocol/class-validator';

/** One decorator, of class-validator or of this library, that constrains a value. */
export interface Constraint {
  /** The arguments of the decorator before its validation options. */
  readonly args: readonly unknown[];
  /** Data that it accepts. */
  readonly good: readonly unknown[];
  /** Data that it refuses, if only just. */
  readonly bad: readonly unknown[];
}

type Row = readonly [good: unknown, bad: unknown, ...args: unknown[]];

const DATE = { $date: '2026-11-23T10:00:00.000Z' };
const EARLY = { $date: '1969-11-23T10:00:00.000Z' };
const JWT = 'eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln';
const MAGNET = 'magnet:?xt=urn:btih:06E2A9683BF4DA92C73A661AC56F0ECC9C63C5B4&dn=a';
const UUID = '8f14e45f-ceea-4f6a-9c3d-7d3b0a2d1c55';

/** One character to class-validator, which is three units of UTF-16. */
const SELECTED = '😀\uFE0F';

function big(...values: bigint[]): readonly unknown[] {
  return values.map((value) => ({ $bigint: `${value}` }));
}

/** A list is several values, each of them good or bad. */
const ROWS: Record<string, Row> = {
  ArrayContains: [[['a', 'b']], [['a'], []], ['a', 'b']],
  ArrayMaxSize: [[[], [1, 2]], [[1, 2, 3]], 2],
  ArrayMinSize: [[[1, 2]], [[1]], 2],
  ArrayNotContains: [[['a'], []], [['a', 'b']], ['b']],
  ArrayNotEmpty: [[[1]], [[]]],
  ArrayUnique: [[[1, 2], []], [[1, 1]], undefined],
  Contains: ['xay', 'xy', 'a'],
  Equals: [1, 2, 1],
  IsAlpha: ['abc', 'ab1', undefined],
  IsAlphanumeric: ['ab1', 'a-1', undefined],
  IsArray: [[[], [1]], [{}]],
  IsAscii: ['abc', 'abcé'],
  IsBIC: ['DEUTDEFF500', 'DEUTDEFF5000'],
  IsBase32: ['JBSWY3DP', 'JBSWY3D'],
  IsBase58: ['3J98t1Wp', '0OIl'],
  IsBase64: ['YWJj', 'YWJ', undefined],
  IsBigInt: [big(0n, -(10n ** 40n) + 1n), [5, '5', { $bigint: 'x' }, null]],
  IsBoolean: [
    [true, false],
    ['true', 0],
  ],
  IsBooleanString: [
    ['true', '0'],
    ['yes', true],
  ],
  IsBtcAddress: ['1MUz4VMYui5qY1mxUiG8BQ1Luv6tqkvaiL', '1MUz4VMYui'],
  IsByteLength: ['abc', ['a', 'ééé'], 2, 5],
  IsCreditCard: ['4012888888881881', '4012888888881882'],
  IsCurrency: ['$10.50', '10,5,0', undefined],
  IsDataURI: ['data:text/plain;base64,YWJj', 'text/plain;base64,YWJj'],
  IsDate: [DATE, '2026-11-23'],
  IsDateString: ['2026-11-23', '2026-13-23', undefined],
  IsDecimal: ['1.25', '1.2.5', undefined],
  IsDefined: [[0, '', [], false], null],
  IsDivisibleBy: [[10, 0, -5], [11, '10'], 5],
  IsEAN: ['73513537', '73513536'],
  IsEmail: ['a@b.org', ['a@b', 'a b@c.org'], undefined],
  IsEmpty: [
    ['', null],
    [0, ' ', []],
  ],
  IsEnum: [['red', 'green'], ['Red', 0], { Red: 'red', Green: 'green' }],
  IsEthereumAddress: [`0x${'0aB1'.repeat(10)}`, `0x${'0aB1'.repeat(10)}0`],
  IsFQDN: ['a.example.org', 'a..org', undefined],
  IsFirebasePushId: ['-M-Jh_1KAH5rYJF_7kY4', '-M-Jh_1KAH5rYJF_7kY'],
  IsFullWidth: ['ひらがな', 'abc'],
  IsHSL: ['hsl(360,0%,50%)', 'hsl(361a,0%,50%)'],
  IsHalfWidth: ['abc', 'ひらがな'],
  IsHash: ['d41d8cd98f00b204e9800998ecf8427e', 'd41d8cd98f00b204e9800998ecf8427', 'md5'],
  IsHexColor: ['#fa3', '#fa'],
  IsHexadecimal: ['fa3', 'fag'],
  IsIBAN: ['DE89370400440532013000', 'DE89370400440532013001', undefined],
  IsIP: [['127.0.0.1', '::1'], '127.0.0.256', undefined],
  IsISBN: ['3836221195', '3836221190', undefined],
  IsISIN: ['US0378331005', 'US0378331004'],
  IsISO31661Alpha2: ['DE', 'DX'],
  IsISO31661Alpha3: ['DEU', 'DEX'],
  IsISO31661Numeric: ['276', '999'],
  IsISO4217CurrencyCode: ['EUR', 'EUX'],
  IsISO6391: ['de', 'dx'],
  IsISO8601: [['2026-11-23T10:00:00Z', '2026'], ['2026-11-23T25:00:00Z'], undefined],
  IsISRC: ['USAT29900609', 'USAT2990060'],
  IsISSN: ['0378-5955', '0378-5954', undefined],
  IsIdentityCard: ['99999999R', '99999999A', 'ES'],
  IsIn: [
    ['x', 1, null],
    ['y', '1'],
    ['x', 1, null],
  ],
  IsInstance: [{ $bytes: 'AAEC' }, [{}, 'AAEC'], Uint8Array],
  IsInt: [
    [0, -5, 1e15],
    [1.5, '1'],
  ],
  IsJSON: ['{"a":1}', '{a:1}'],
  IsJWT: [JWT, `${JWT}.x.y`],
  IsLatLong: ['52.5,13.4', '52.5'],
  IsLatitude: [[52.5, '52.5'], [91]],
  IsLocale: ['de_DE', 'd'],
  IsLongitude: [[13.4, '13.4'], [181]],
  IsLowercase: ['abc', 'aBc'],
  IsMACAddress: ['01:02:03:04:05:ab', '01:02:03:04:05', undefined],
  IsMagnetURI: [MAGNET, MAGNET.slice(1)],
  IsMilitaryTime: ['23:59', '24:59'],
  IsMimeType: ['text/plain', 'text'],
  IsMobilePhone: ['+4915123456789', '+491', 'de-DE', undefined],
  IsMongoId: ['507f1f77bcf86cd799439011', '507f1f77bcf86cd79943901'],
  IsMultibyte: ['aé', 'abc'],
  IsNegative: [-1, 0],
  IsNotEmpty: [
    [0, [], ' '],
    ['', null],
  ],
  IsNotEmptyObject: [[{ a: 1 }], [{}, [], 'a'], undefined],
  IsNotIn: [['y', null], 'x', ['x']],
  IsNumber: [[1.25, 1e21], [1.255, { $number: 'NaN' }, '1'], { maxDecimalPlaces: 2 }],
  IsNumberString: [['12', '-1.5'], ['1e5', 12], undefined],
  IsObject: [
    [{}, { a: 1 }],
    [[], 'x', null],
  ],
  IsOctal: ['0o17', '0o18'],
  IsPassportNumber: ['C01X00T47', 'C01X00T4', 'DE'],
  IsPhoneNumber: ['030 123456', '030', 'DE'],
  IsPort: ['8080', ['80800', 8080]],
  IsPositive: [[1, 0.5, 1e308], 0],
  IsPostalCode: ['10115', '1011', 'DE'],
  IsRFC3339: ['2026-11-23T10:00:00Z', '2026-11-23'],
  IsRgbColor: ['rgb(0,10,255)', 'rgb(0,10,256)', undefined],
  IsSemVer: ['1.2.3-a', '1.2'],
  IsString: [
    ['', 'x'],
    [1, null, ['x']],
  ],
  IsStrongPassword: ['aB3$aB3$', 'aB3aB3aB', undefined],
  IsSurrogatePair: ['a😀', 'abc'],
  IsTaxId: ['7501010010', '7501010011', 'bg-BG'],
  IsTimeZone: ['Europe/Berlin', 'Europe/Bonn'],
  IsUUID: [UUID, `${UUID}0`, undefined],
  IsUppercase: ['ABC', 'AbC'],
  IsUrl: ['https://a.org', 'https://a', undefined],
  IsVariableWidth: ['ひa', 'abc'],
  Length: [
    ['abc', '😀😀😀', SELECTED.repeat(3), SELECTED.repeat(5)],
    ['ab', 'abcdef', SELECTED.repeat(2), SELECTED.repeat(6)],
    3,
    5,
  ],
  Matches: ['x-1', 'x-11', /^[a-z]-\d$/],
  Max: [[5, -1e9], [6, '5'], 5],
  MaxBigInt: [big(5n, -(10n ** 30n)), [...big(6n), 5, '5'], 5n],
  MaxDate: [EARLY, DATE, new Date(0)],
  MaxLength: [['', 'abcde', SELECTED.repeat(5)], ['abcdef', SELECTED.repeat(6)], 5],
  Min: [[5, 1e9], [4, '5'], 5],
  MinBigInt: [big(2n ** 64n, 2n ** 64n + 1n), [...big(2n ** 64n - 1n), 2 ** 64, '5'], 2n ** 64n],
  MinDate: [DATE, [EARLY, 'x'], () => new Date(0)],
  MinLength: [['abcde', 'x'.repeat(15), SELECTED.repeat(5)], ['abcd', SELECTED.repeat(4)], 5],
  NotContains: ['xy', 'xay', 'a'],
  NotEquals: [2, 1, 1],
};

/** The names of exports of class-validator that are capitalized but constrain no value. */
export const OTHER_EXPORTS: ReadonlySet<string> = new Set(
  `Allow IsOptional Validate ValidateBy ValidateIf ValidateNested ValidatePromise ValidatorConstraint
   ValidationError ValidationTypes Validator MetadataStorage`.split(/\s+/),
);

/** Each constraint by the name of its decorator. */
export const CONSTRAINTS: ReadonlyMap<string, Constraint> = new Map(
  Object.entries(ROWS).map(([name, [good, bad, ...args]]) => [
    name,
    { args, good: listOf(good), bad: listOf(bad) },
  ]),
);

/** Makes the decorator of a constraint. */
export function constrain(name: string, options?: ValidationOptions): PropertyDecorator {
  const all = { ...classValidator, IsBigInt, MaxBigInt, MinBigInt } as object;
  const make = (all as Record<string, (...args: unknown[]) => PropertyDecorator>)[name];
  return make!(...CONSTRAINTS.get(name)!.args, options);
}

function listOf(values: unknown): readonly unknown[] {
  return Array.isArray(values) ? (values as unknown[]) : [values];
}
