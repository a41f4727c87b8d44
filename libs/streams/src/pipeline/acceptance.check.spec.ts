/* oxlint-disable no-unused-vars -- the class decorators collect the classes */
import { isDeepStrictEqual } from 'node:util';
import { decodeMessage, StreamMessage, type Message, type MessageClass } from '@nestwire/protocol';
import { Exclude, Expose, Transform, Type } from '@nestwire/protocol/class-transformer';
import {
  Allow,
  ArrayMaxSize,
  ArrayMinSize,
  ArrayNotEmpty,
  ArrayUnique,
  Contains,
  Equals,
  IsArray,
  IsBoolean,
  IsDate,
  IsDateString,
  IsDefined,
  IsDivisibleBy,
  IsEmail,
  IsEmpty,
  IsEnum,
  IsIn,
  IsInstance,
  IsInt,
  IsISO8601,
  IsNotEmpty,
  IsNotIn,
  IsNumber,
  IsNumberString,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  IsUrl,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxDate,
  MaxLength,
  Min,
  MinDate,
  MinLength,
  registerDecorator,
  Validate,
  ValidateIf,
  ValidateNested,
  ValidatePromise,
  validateSync,
  ValidatorConstraint,
} from 'class-validator';
import * as fc from 'fast-check';
import { declaredClassOf } from '../endpoint/endpoint.metadata.js';
import { AcceptanceChecks } from './acceptance.check.js';
import type { Accepts } from './acceptance.function.js';
import type { ValidatedClass } from './message.metadata.js';
import { MessageReaders } from './message.reader.js';
import { MessageShapes } from './message.shape.js';

/** `FUZZ_RUNS=200000` for the long form. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 20_000);

enum Colour {
  Red = 'red',
  Green = 'green',
}

enum Level {
  Low,
  High,
}

type Shape = [cls: new () => object, ...examples: object[]];
const shapes: Shape[] = [];

/** Adds a shape with data that it accepts. */
function accepts(...examples: object[]): ClassDecorator {
  return (cls) => {
    StreamMessage(`acceptance.${shapes.length}`)(cls as never);
    shapes.push([cls as never, ...examples]);
  };
}

class Author {
  @IsString() @IsNotEmpty() name!: string;
  @IsInt() id!: number;
}

class Money {
  @IsNumber({ maxDecimalPlaces: 2 }) amount!: number;
  @IsIn(['EUR', 'USD']) currency!: string;
}

class Tree {
  @IsString() label!: string;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Tree) children?: Tree[];
}

class Left {
  @IsOptional() @ValidateNested() @Type(() => Right) right?: object;
}

class Right {
  @IsOptional() @ValidateNested() @Type(() => Left) left?: Left;
  @IsInt() n!: number;
}

class Animal {
  @IsString() kind!: string;
}

class Cat extends Animal {
  @IsInt() lives!: number;
}

class Dog extends Animal {
  @IsBoolean() isGood!: boolean;
}

@StreamMessage('acceptance.tagged')
class Tagged {
  declare readonly $type: 'acceptance.tagged';
  @IsInt() n!: number;
}

const AUTHOR = { name: 'Ann', id: 5 };
const DATE = { $date: '2026-11-23T10:00:00.000Z' };
const UUID = '8f14e45f-ceea-4f6a-9c3d-7d3b0a2d1c55';

@accepts({ room: 'a', text: 'b', seq: 1, replyTo: 'c', author: AUTHOR, at: DATE })
class Chat {
  @IsString() @IsNotEmpty() room!: string;
  @IsString() @MaxLength(50) text!: string;
  @IsInt() @Min(0) seq!: number;
  @IsOptional() @IsString() replyTo?: string;
  @ValidateNested() @Type(() => Author) author!: Author;
  @IsDate() @Type(() => Date) at!: Date;
}

@accepts({ a: 'x' }, { a: '' })
class Text {
  @IsString() a!: string;
}

@accepts({ a: 1, b: -5, c: 1.25, d: { $number: 'NaN' } })
class Numbers {
  @IsInt() @Min(-5) @Max(5) a!: number;
  @IsNumber() b!: number;
  @IsNumber({ maxDecimalPlaces: 2 }) c!: number;
  @IsNumber({ allowNaN: true, allowInfinity: true }) d!: number;
}

@accepts({ a: true, b: 2, c: 10 })
class Signed {
  @IsBoolean() a!: boolean;
  @IsPositive() b!: number;
  @IsDivisibleBy(5) c!: number;
}

@accepts({ a: 'red', b: 1, c: 'x', d: 'y' })
class Choices {
  @IsEnum(Colour) a!: Colour;
  @IsEnum(Level) b!: Level;
  @IsIn(['x', 1, null]) c!: unknown;
  @IsNotIn(['x']) d!: string;
}

@accepts({ a: 'abc', b: 'abcd', c: 'x-1', d: UUID, e: 'a@b.org' })
class Texts {
  @MinLength(2) @MaxLength(5) a!: string;
  @Length(3, 5) b!: string;
  @Matches(/^[a-z]-\d$/) c!: string;
  @IsUUID() d!: string;
  @IsEmail() e!: string;
}

@accepts({ a: 'https://a.org', b: '2026-11-23', c: '2026-11-23T10:00:00Z', d: '12', e: 'xay' })
class Formats {
  @IsUrl() a!: string;
  @IsDateString() b!: string;
  @IsISO8601() c!: string;
  @IsNumberString() d!: string;
  @Contains('a') e!: string;
}

@accepts({}, { a: 'x', b: 1, c: null }, { a: null, b: null })
class Optionals {
  @IsOptional() @IsString() a?: string | null;
  @IsOptional() @IsInt() b?: number | null;
  @IsOptional() c?: unknown;
}

@accepts({ a: 0, b: '' }, { a: [], b: {} })
class Presence {
  @IsDefined() a!: unknown;
  @Allow() b?: unknown;
}

@accepts({ a: 1 }, { a: 1, b: '' }, { a: 1, b: null })
class Odd {
  @Equals(1) a!: number;
  @IsEmpty() b?: unknown;
}

@accepts({ tags: ['a', 'b'], counts: [1, 2] }, { tags: [] })
class Lists {
  @IsArray() @ArrayMaxSize(3) @IsString({ each: true }) tags!: string[];
  @IsOptional() @IsInt({ each: true }) counts?: number[];
}

@accepts({ a: ['x'], b: ['x', 'y'], c: ['red'] })
class Sized {
  @ArrayMinSize(1) @ArrayMaxSize(2) a!: string[];
  @ArrayNotEmpty() @ArrayUnique() @Length(1, 3, { each: true }) b!: string[];
  @IsEnum(Colour, { each: true }) c!: Colour[];
}

@accepts({ set: { $set: [1, 2] }, map: { $map: [['a', 1]] } }, { set: { $set: [] } })
class Collections {
  @IsInt({ each: true }) set!: Set<number>;
  @IsOptional() @IsInt({ each: true }) map?: Map<string, number>;
}

@accepts({ loose: ['a'] }, { loose: 'a' }, { loose: { $set: ['a'] } })
class LooseEach {
  @IsString({ each: true }) loose!: unknown;
}

@accepts({ authors: [AUTHOR, { name: 'Bob', id: 1 }] }, { authors: [] })
class Many {
  @IsArray() @ArrayMaxSize(3) @ValidateNested({ each: true }) @Type(() => Author) authors!: Author[];
}

@accepts({ authors: [AUTHOR] }, {})
class DeclaredList {
  @ValidateNested() @Type(() => Author) authors!: Author[];
}

@accepts({ author: AUTHOR }, { author: null }, {})
class MaybeNested {
  @IsOptional() @ValidateNested() @Type(() => Author) author?: Author | null;
}

@accepts({ author: AUTHOR, price: { amount: 1.5, currency: 'EUR' } })
class Required {
  @IsDefined() @ValidateNested() @Type(() => Author) author!: Author;
  @IsObject() @ValidateNested() @Type(() => Money) price!: Money;
}

@accepts({ root: { label: 'a', children: [{ label: 'b', children: [] }] } })
class Forest {
  @ValidateNested() @Type(() => Tree) root!: Tree;
}

@accepts({ left: { right: { n: 1, left: { right: { n: 2 } } } } })
class Mutual {
  @ValidateNested() @Type(() => Left) left!: Left;
}

class Base {
  @IsString() id!: string;
  @IsOptional() @IsString() @MaxLength(3) note?: string;
}

@accepts({ id: 'a', note: 'abc', more: 1 })
class Child extends Base {
  @IsInt() more!: number;
}

@accepts({ id: 'ab', note: 'abc' })
class Narrowed extends Base {
  @MinLength(2) declare id: string;
}

@accepts({ at: DATE }, { at: '2026-11-23' }, { at: 5 })
class Dates {
  @IsDate() @Type(() => Date) at!: Date;
  @IsOptional() @IsDate({ each: true }) @Type(() => Date) list?: Date[];
}

@accepts({ at: DATE })
class TaggedDate {
  @IsDate() @MinDate(new Date(0)) @MaxDate(() => new Date(4e12)) at!: Date;
}

@accepts({ n: '5', s: 5, b: 'x' }, { n: 5 })
class Coerced {
  @IsNumber() @Type(() => Number) n!: number;
  @IsOptional() @IsString() @Type(() => String) s?: string;
  @IsOptional() @IsBoolean() @Type(() => Boolean) b?: boolean;
}

@accepts({ a: ' x ' }, { a: 'magic' })
class Transformed {
  @Transform(({ value }: { value: unknown }) => (value === 'magic' ? 'x' : value))
  @MaxLength(3)
  @IsString()
  a!: string;
}

@accepts({ first: 'x', n: 1 })
class Exposed {
  @Expose({ name: 'first' }) @IsString() a!: string;
  @Expose() @IsInt() n!: number;
}

@accepts({ a: 'x' }, { a: 'x', secret: 'y' })
class Excluded {
  @IsString() a!: string;
  @Exclude() @IsOptional() @IsString() secret?: string;
}

@accepts({ pet: { kind: 'cat', lives: 9 } }, { pet: { kind: 'dog', isGood: true } })
class Discriminated {
  @ValidateNested()
  @Type(() => Animal, {
    keepDiscriminatorProperty: true,
    discriminator: {
      property: 'kind',
      subTypes: [
        { name: 'cat', value: Cat },
        { name: 'dog', value: Dog },
      ],
    },
  })
  pet!: Animal;
}

class Box {
  @IsInt() @Max(9) size!: number;
}

class SmallBox extends Box {
  @MaxLength(0) @Max(2) declare size: number;
}

/** The class of the second kind refuses everything, and has no property of its own. */
@accepts({ box: { size: 5 } })
class Narrowing {
  @ValidateNested()
  @Type(() => Box, {
    discriminator: { property: 'kind', subTypes: [{ name: 'cat', value: SmallBox }] },
  })
  box!: Box;
}

@accepts({ other: { $type: 'acceptance.tagged', n: 1 } }, { other: { n: 1 } })
class OfTagged {
  @IsInstance(Tagged) @ValidateNested() @Type(() => Tagged) other!: Tagged;
}

@accepts({ any: { a: [1, { b: 2 }] } }, { any: { $map: [[1, { a: { $bigint: '5' } }]] } }, { any: DATE })
class Anything {
  @Allow() any!: unknown;
}

@accepts({}, { size: 3, text: 'x' })
class Defaults {
  @IsInt() size = 1;
  @IsString() text = 'none';
  @IsOptional() @IsDate() at = new Date(0);
  describe(): string {
    return this.text;
  }
}

@accepts({ n: 1, list: [1] })
class Untyped {
  @IsOptional() n?: number;
  @IsOptional() @IsPositive({ each: true }) list?: number[];
}

@accepts({ text: 'x', extra: 'y' })
class Always {
  @IsString({ always: true, message: 'no' }) text!: string;
  @IsString({ context: { code: 1 } }) extra!: string;
}

@accepts({ bytes: { $bytes: 'AAEC' }, big: { $bigint: '5' } })
class Special {
  @IsInstance(Uint8Array) bytes!: Uint8Array;
  @IsOptional() big?: bigint;
}

@accepts({ a: { b: 1 }, c: 'x' })
class Plain {
  @IsObject() a!: Record<string, unknown>;
  @IsString() c!: string;
}

@accepts({ one: { authors: [AUTHOR] }, two: [{ n: 1 }] })
class Deep {
  @ValidateNested() @Type(() => Many) one!: Many;
  @ValidateNested({ each: true }) @Type(() => Right) two!: Right[];
}

const ODD_KEYS = ['extra', 'constructor', 'toString', 'hasOwnProperty', '$type', 'then', '0', '__proto__'];

const ODD_VALUES: unknown[] = [
  ...['', 'a', 'abc', ' x ', 'x'.repeat(60), 'red', 'EUR', 'magic', UUID, 'a@b.org', '2026-11-23', '5'],
  ...[-6, -1, 0, 1, 2, 5, 10, 1.5, 1.255, 1e21, 1e-7, true, false, null],
  ...[[], {}, [1], ['a'], [['a']], [null], [{}], ['a', 'a'], [1, 'a'], { length: 1 }],
  ...[DATE, { $date: 'no' }, { $number: 'NaN' }, { $number: '-Infinity' }, { $number: '-0' }],
  ...[{ $bigint: '7' }, { $bytes: 'AAEC' }, { $set: [1] }, { $set: ['a', 1] }, { $set: [AUTHOR] }],
  ...[{ $map: [['a', 1]] }, { $map: [[null, AUTHOR]] }, { $plain: { $a: 1 } }, [{ $number: 'Infinity' }]],
  ...[{ $type: 'acceptance.tagged', n: 1 }, { $type: 'acceptance.tagged', n: 'x' }, { $type: 'nobody' }],
  ...[AUTHOR, [AUTHOR], [[AUTHOR]], { ...AUTHOR, extra: 1 }, { constructor: 1 }, { toString: 1 }],
  ...[{ then: 1 }, { label: 'x', children: [{ label: 1 }] }, { right: { n: 1 } }, { kind: 'cat', lives: 1 }],
  ...[
    { kind: 'cat', size: 5 },
    { kind: 'cat', size: 1 },
  ],
];

type Container = Record<string, unknown>;

/** The objects and lists in some data, outermost first. */
function containersIn(data: unknown): Container[] {
  if (typeof data !== 'object' || data === null) return [];
  return [data as Container, ...Object.values(data).flatMap(containersIn)];
}

interface Change {
  readonly at: number;
  readonly key: number;
  readonly kind: 'replace' | 'remove' | 'add' | 'wrap' | 'repeat';
  readonly value: unknown;
}

function put(container: Container, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
}

function change(data: object, { at, key, kind, value }: Change): void {
  const containers = containersIn(data);
  const container = containers[at % containers.length]!;
  const keys = Object.keys(container);
  if (kind === 'add') return put(container, ODD_KEYS[key % ODD_KEYS.length]!, structuredClone(value));
  if (!keys.length) return;
  const name = keys[key % keys.length]!;
  if (kind === 'remove') delete container[name];
  else if (kind === 'wrap') put(container, name, [container[name]]);
  else if (kind === 'repeat') put(container, name, [container[name], structuredClone(container[name])]);
  else put(container, name, structuredClone(value));
}

const aChange = fc.record({
  at: fc.nat(7),
  key: fc.nat(7),
  kind: fc.constantFrom<Change['kind'][]>('replace', 'replace', 'replace', 'remove', 'add', 'wrap', 'repeat'),
  value: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...ODD_VALUES) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  ),
});

/** A class with data that it accepts, changed in up to three places. */
const aMessage = fc
  .tuple(fc.nat(shapes.length - 1), fc.nat(3), fc.array(aChange, { maxLength: 3 }))
  .map(([index, example, changes]) => {
    const [cls, ...examples] = shapes[index]!;
    const data = structuredClone(examples[example % examples.length]!);
    for (const each of changes) change(data, each);
    // As a codec makes it: objects of this realm, which a structured clone has not.
    return { cls: cls as unknown as MessageClass, data: JSON.parse(JSON.stringify(data)) as object };
  });

const shapeChecks = new MessageShapes(declaredClassOf as never);

/** What the libraries and the shape check make of data; undefined when they refuse it. */
function byTheLibraries(cls: MessageClass, data: object): Message | undefined {
  try {
    const message = decodeMessage(cls, data);
    const options = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };
    const isValid = validateSync(message, options).length === 0;
    return isValid &&
      shapeChecks
        .of(cls as never)(message)
        .next().done
      ? message
      : undefined;
  } catch {
    return undefined;
  }
}

const readers = new MessageReaders(declaredClassOf as never);

function byTheReader(cls: MessageClass, data: object): Message | undefined {
  try {
    return readers.of(cls)(data) as Message;
  } catch {
    return undefined;
  }
}

function isAccepted(checks: AcceptanceChecks, cls: MessageClass, data: object): boolean {
  let message: object;
  try {
    message = decodeMessage(cls, data);
  } catch {
    return false;
  }
  return checks.of(cls as unknown as ValidatedClass)!(message);
}

/** The names and the order of all keys. */
function layoutOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.keys(value).map((key) => [key, layoutOf((value as Container)[key])]);
}

const checks = new AcceptanceChecks(declaredClassOf as never);

function checkOf(cls: new () => object): Accepts | undefined {
  return new AcceptanceChecks(declaredClassOf as never).of(cls);
}

/** The class with data that a check accepts, but the libraries refuse. */
function falseAccept(suspect: AcceptanceChecks): fc.RunDetails<[{ cls: MessageClass; data: object }]> {
  return fc.check(
    fc.property(aMessage, ({ cls, data }) => !isAccepted(suspect, cls, data) || !!byTheLibraries(cls, data)),
    { numRuns: RUNS },
  );
}

describe('The acceptance check', () => {
  it("exists for every class whose decorators are class-validator's own", () => {
    expect(shapes.length).toBeGreaterThanOrEqual(30);
    expect(shapes.filter(([cls]) => !checkOf(cls)).map(([cls]) => cls.name)).toEqual([]);
  });

  it('accepts what its class is made for', () => {
    for (const [cls, ...examples] of shapes)
      for (const example of examples) {
        expect([cls.name, example, !!byTheLibraries(cls as never, example)]).toEqual([
          cls.name,
          example,
          true,
        ]);
        const isQuick = isAccepted(checks, cls as never, example);
        // The class that a discriminator names is left to the libraries.
        expect([cls.name, example, isQuick]).toEqual([cls.name, example, (cls as unknown) !== Discriminated]);
      }
  });

  it('accepts nothing that the libraries refuse, and leaves them every instance as it was', () => {
    const seen = { accepted: 0, refused: 0, missed: 0 };
    fc.assert(
      fc.property(aMessage, ({ cls, data }) => {
        const expected = byTheLibraries(cls, data);
        const isQuick = isAccepted(checks, cls, data);
        if (isQuick && !expected) throw new Error('a false accept');
        // What is refused goes through the libraries in the reader as well.
        const read = expected && byTheReader(cls, data);
        if (!isDeepStrictEqual(read, expected)) throw new Error('another instance');
        if (!isDeepStrictEqual(layoutOf(read), layoutOf(expected))) throw new Error('another order');
        if (!expected) seen.refused += 1;
        else if (isQuick) seen.accepted += 1;
        else seen.missed += 1;
      }),
      { numRuns: RUNS },
    );
    if (process.env.FUZZ_RUNS) process.stdout.write(`${JSON.stringify(seen)}\n`);
    expect(seen.accepted).toBeGreaterThan(RUNS / 5);
    expect(seen.refused).toBeGreaterThan(RUNS / 5);
    expect(seen.missed).toBeLessThan(RUNS / 20);
  });

  it('is caught when it forgets which class a property declares', () => {
    expect(falseAccept(new AcceptanceChecks(() => undefined)).failed).toBe(true);
  });

  it('is caught when it forgets a single constraint', () => {
    class Loose {
      @IsString() text!: string;
    }
    const forgetful = new AcceptanceChecks(declaredClassOf as never);
    StreamMessage('acceptance.loose')(Loose as never);
    forgetful.of(Loose);
    MaxLength(3)(Loose.prototype, 'text');
    const texts = fc.property(
      fc.string(),
      (text) =>
        !isAccepted(forgetful, Loose as never, { text }) || !!byTheLibraries(Loose as never, { text }),
    );

    expect(fc.check(texts).failed).toBe(true);
  });
});

@ValidatorConstraint({ name: 'isOwn' })
class IsOwn {
  validate(): boolean {
    return true;
  }
}

@ValidatorConstraint({ name: 'isString', async: true })
class IsLater {
  validate(): boolean {
    return true;
  }
}

function IsRegistered(): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      target: target.constructor,
      propertyName: String(propertyName),
      validator: { validate: () => true },
    });
}

const unknown: Array<readonly [what: string, cls: new () => object]> = [];

/** Adds a class that gets no check. */
function has(what: string): ClassDecorator {
  return (cls) => void unknown.push([what, cls as never]);
}

@has('no decorators')
class Bare {}

@has('a constraint of its own')
class Custom {
  @Validate(IsOwn) a!: string;
}

@has('a registered constraint')
class Registered {
  @IsRegistered() a!: string;
}

@has('an asynchronous constraint under a known name')
class Later {
  @Validate(IsLater) a!: string;
}

@has('groups')
class Grouped {
  @IsString({ groups: ['a'] }) a!: string;
}

@has('a condition')
class Conditional {
  @ValidateIf(() => true) @IsString() a!: string;
}

@has('a condition on one decorator')
class PartlyConditional {
  @IsString({ validateIf: () => true }) a!: string;
}

@has('a promise')
class Promised {
  @ValidatePromise() @IsString() a!: Promise<string>;
}

@has('an expression with a memory')
class Sticky {
  @Matches(/a/y) a!: string;
}

@has('a getter')
class Computed {
  @IsString() get a(): string {
    return 'x';
  }
}

@has('a name that every object has')
class Reserved {
  @IsString() toString!: never;
}

@has('a nested object without a class')
class Classless {
  @ValidateNested() a!: Author;
}

@has('a nested class with a constraint of its own')
class NestedCustom {
  @ValidateNested() @Type(() => Custom) a!: Custom;
}

@has('a set of nested objects')
class NestedSet {
  @ValidateNested({ each: true }) @Type(() => Author) a!: Set<Author>;
}

@has('a constructor that fails without arguments')
class Demanding {
  @IsString() a: string;
  constructor(given: { a: string }) {
    this.a = given.a;
  }
}

describe('A class with something that is not known exactly', () => {
  it.each(unknown)('has no check: %s', (_, cls) => {
    expect(checkOf(cls)).toBeUndefined();
  });
});
