import { Allow } from 'class-validator';
import * as fc from 'fast-check';
import { create, StreamMessage } from '@nestwire/protocol';

/** A message of the table, with one field for any value. */
@StreamMessage('values.holder')
export class Holder {
  declare readonly $type: 'values.holder';
  @Allow() free: unknown = 'default';
}

/** A class that no `@Type` names. */
class Point {
  constructor(
    readonly x: number,
    readonly y: unknown,
  ) {}
}

class Money {
  constructor(readonly cents: number) {}
  toJSON(): string {
    return `${this.cents} cents`;
  }
}

/** The outcome of a value. */
export type Outcome = { readonly arrives: unknown } | { readonly code: string };

/** One line of the table in `docs/messages.md`. */
export interface ValueRow {
  /** The first column. */
  readonly value: string;
  /** The second column. */
  readonly outcome: string;
  readonly values: fc.Arbitrary<unknown>;
  /** Tells what becomes of a value in a field. */
  readonly expected: (value: unknown, isFromClient: boolean) => Outcome;
  /** True when a value can be tried inside of others too. */
  readonly isAnywhere: boolean;
}

const NOT_ENCODABLE: ValueRow['expected'] = () => ({ code: 'NOT_ENCODABLE' });
const SAME: ValueRow['expected'] = (arrives) => ({ arrives });

const REFUSED = 'refused with `NOT_ENCODABLE`';
const FIRST_INEXACT = 2 ** 53;
const FIRST_WITH_EXPONENT = 1e21;

function row(
  value: string,
  outcome: string,
  values: fc.Arbitrary<unknown>,
  expected: ValueRow['expected'] = SAME,
): ValueRow {
  return { value, outcome, values, expected, isAnywhere: true };
}

function mended(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

function holey(): unknown[] {
  const list = ['a', 'b', 'c'];
  Reflect.deleteProperty(list, 1);
  return list;
}

function cyclic(): object {
  const cycle: { list?: unknown } = {};
  cycle.list = [cycle];
  return cycle;
}

const isOdd = (number: number): boolean =>
  Number.isInteger(number) && Math.abs(number) >= FIRST_INEXACT && Math.abs(number) < FIRST_WITH_EXPONENT;
const key = fc
  .string({ unit: 'binary' })
  .map(mended)
  .filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));
const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: 0n, max: 99n }),
);
const HIDDEN: ReadonlyArray<() => unknown> = [
  () => Promise.resolve(5),
  () => new Error('x'),
  () => /x/,
  () => new Float64Array(1),
  () => new ArrayBuffer(1),
  () => new DataView(new ArrayBuffer(1)),
  () => new URL('http://example.org/'),
  () => new URLSearchParams('a=b'),
  () => Object('x') as unknown,
  () => Object(5) as unknown,
  () => new WeakMap(),
  () => new Intl.NumberFormat('en'),
  () => ({ [Symbol.toStringTag]: 'Own' }),
  () => (function* () {})(),
];

/** The table of `docs/messages.md`, with values for each line. */
export const VALUE_TABLE: readonly ValueRow[] = [
  row(
    'text, boolean, `null`',
    'the same',
    fc.oneof(fc.string({ unit: 'binary' }).map(mended), fc.boolean(), fc.constant(null)),
  ),
  row(
    'a lone surrogate in a text',
    'U+FFFD in its place, as in UTF-8',
    fc
      .tuple(fc.string(), fc.constantFrom('\ud800', '\udbff', '\udc00', '\udfffx'))
      .map((parts) => parts.join('')),
    (text) => ({ arrives: mended(text as string) }),
  ),
  row(
    'number, with `NaN`, infinities and -0',
    'the same; a constraint such as `@IsNumber()` may refuse it',
    fc.oneof(
      fc.double().filter((number) => !isOdd(number)),
      fc.integer(),
      fc.constantFrom(NaN, Infinity, -Infinity, -0),
    ),
  ),
  row(
    'whole number between 2^53 and 10^21, also below zero',
    'the same from a server; from a client refused with `INVALID_MESSAGE`: send a `bigint`',
    fc.oneof(
      fc.constantFrom(2 ** 53, -(2 ** 60), 999_999_999_999_999_900_000),
      fc.double({ min: 2 ** 53, max: 9e20, noNaN: true }).map(Math.round),
    ),
    (number, isFromClient) => (isFromClient ? { code: 'INVALID_MESSAGE' } : { arrives: number }),
  ),
  row(
    '`bigint` of up to 40 digits',
    'the same',
    fc.bigInt({ min: -(10n ** 40n) + 1n, max: 10n ** 40n - 1n }),
  ),
  row('longer `bigint`', REFUSED, fc.bigInt({ min: 10n ** 40n, max: 10n ** 50n }), NOT_ENCODABLE),
  row('`Date`', 'the same time', fc.date({ noInvalidDate: true })),
  row('`Date` that is invalid', REFUSED, fc.constant(new Date(NaN)), NOT_ENCODABLE),
  row(
    '`Uint8Array`, `Buffer`',
    '`Uint8Array` with a buffer of its own',
    fc.uint8Array().chain((bytes) => fc.constantFrom(bytes, Buffer.from(bytes))),
    (bytes) => ({ arrives: new Uint8Array(bytes as Uint8Array) }),
  ),
  row(
    'array',
    'array of what arrives of its items; its other properties are left out',
    fc.array(leaf).map((items) => Object.assign(items, { extra: 1 })),
    (items) => ({ arrives: [...(items as unknown[])] }),
  ),
  row(
    '`Map`, `Set`',
    '`Map`, `Set` of what arrives of its entries',
    fc.oneof(
      fc.array(fc.tuple(leaf, leaf)).map((entries) => new Map(entries)),
      fc.array(leaf).map((items) => new Set(items)),
    ),
  ),
  row(
    'plain object, or one without a prototype',
    'plain object of what arrives of its own enumerable properties with a text for a key',
    fc
      .dictionary(key, leaf, { maxKeys: 8 })
      .map((object) => Object.assign(object, { [Symbol.for('values')]: 1 })),
    (object) => ({ arrives: Object.fromEntries(Object.entries(object as object)) }),
  ),
  row(
    'message',
    'message of its class',
    leaf.map((free) => create(Holder, { free })),
  ),
  row(
    'instance of another class',
    'instance where `@Type(() => X)` names the class, and class-transformer is switched on; else as a plain object',
    fc.tuple(fc.integer(), leaf).map(([x, y]) => new Point(x, y)),
    (point) => ({ arrives: { ...(point as object) } }),
  ),
  {
    ...row(
      'field or property that is `undefined`',
      'left out: a field has the default of its class',
      fc.constant(undefined),
      () => ({ arrives: 'default' }),
    ),
    isAnywhere: false,
  },
  row(
    '`undefined`, or a hole, in an array, `Map` or `Set`',
    `${REFUSED}: send \`null\``,
    fc
      .constantFrom<() => unknown>(
        () => [undefined],
        () => [1, undefined, 2],
        holey,
        () => Array.from({ length: 2 }).fill(undefined),
        () => Object.assign([], { length: 2 }),
        () => new Map([['a', undefined]]),
        () => new Map([[undefined, 1]]),
        () => new Set([undefined]),
      )
      .map((make) => make()),
    NOT_ENCODABLE,
  ),
  row(
    'function, symbol',
    `${REFUSED}; a function is not called`,
    fc.constantFrom<unknown>(never, () => never(), class {}, Symbol('x'), Symbol.iterator),
    NOT_ENCODABLE,
  ),
  row(
    'promise, error, regular expression, `URL`, other typed array, and all that hides its state',
    REFUSED,
    fc.constantFrom(...HIDDEN).map((make) => make()),
    NOT_ENCODABLE,
  ),
  row(
    'object with a method `toJSON`',
    `${REFUSED}: send what the method returns`,
    fc.oneof(
      fc.integer().map((cents) => new Money(cents)),
      fc.constant({ a: 1, toJSON: never }),
    ),
    NOT_ENCODABLE,
  ),
  row('object that holds itself', REFUSED, fc.constant(null).map(cyclic), NOT_ENCODABLE),
  row(
    'key `__proto__`, `constructor` or `prototype`',
    `${REFUSED}: use a \`Map\``,
    fc
      .constantFrom('__proto__', 'constructor', 'prototype')
      .map((name) => JSON.parse(`{"${name}":1}`) as unknown),
    NOT_ENCODABLE,
  ),
];

/** How often a function of the table was called. */
export const calls = { count: 0 };

function never(): number {
  calls.count += 1;
  return 5;
}

/** Ways to put a value into another one. */
export const PLACES: ReadonlyArray<(value: unknown) => unknown> = [
  (value) => value,
  (value) => [value],
  (value) => ({ a: { b: value } }),
  (value) => [[{ list: [1, value] }]],
  (value) => new Map([['a', value]]),
  (value) => new Set([[value]]),
  (value) => create(Holder, { free: value }),
  (value) => [create(Holder, { free: { a: value } })],
];

/** Returns the place where only `undefined` is put, and what arrives of it there. */
export function withUndefined(value: undefined): ReadonlyArray<readonly [sent: unknown, arrives: unknown]> {
  return [
    [value, 'default'],
    [{ a: value, b: 1 }, { b: 1 }],
    [create(Holder, { free: value }), create(Holder)],
    [[{ a: value }], [{}]],
  ];
}
