/* oxlint-disable no-unused-vars -- the class decorators collect the classes */
import { StreamMessage } from '@nestwire/protocol';
import { Type } from '@nestwire/protocol/class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsByteLength,
  IsDate,
  IsDefined,
  IsEmail,
  IsIn,
  IsInstance,
  IsInt,
  IsLowercase,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { ALL, CHECK, DECODE, shape } from './shape.js';
import { DATE, DATES } from './shapes.plain.js';

export const AUTHOR = { name: 'Ann', id: 5 };

export class Author {
  @IsString() @IsNotEmpty() name!: string;
  @IsInt() id!: number;
}

export class Writer extends Author {
  @IsOptional() @IsString() pen?: string;
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

/** A tree that is deeper than the compiled code follows. */
export function deepTree(depth: number): object {
  return depth ? { label: 'x', children: [deepTree(depth - 1)] } : { label: 'x' };
}

@StreamMessage('fuzz.nested')
export class Tagged {
  declare readonly $type: 'fuzz.nested';
  @IsInt() n!: number;
  @IsOptional() @IsDate() @Type(() => Date) at?: Date;
}

/** Its instances hold what no data gives. */
@StreamMessage('fuzz.defaulted')
export class Defaulted {
  declare readonly $type: 'fuzz.defaulted';
  @IsOptional() author = new Author();
  @IsOptional() tags = ['x'];
  @IsOptional() at = new Date(5);
  @IsOptional() n?: number;
}

class Strict {
  @IsInt() n: number;
  constructor(n: number) {
    if (typeof n !== 'number') throw new TypeError('needs a number');
    this.n = n;
  }
}

/** class-transformer cannot make the default again, so it fails where an instance passes through it twice. */
@StreamMessage('fuzz.holdsStrict')
export class HoldsStrict {
  declare readonly $type: 'fuzz.holdsStrict';
  @IsOptional() strict: unknown = new Strict(1);
  @IsOptional() n?: number;
}

@shape({ accepts: [{ room: 'a', text: 'b', seq: 1, replyTo: 'c', author: AUTHOR, at: DATE }], values: DATES })
export class Chat {
  @IsString() @IsNotEmpty() room!: string;
  @IsString() @MaxLength(50) text!: string;
  @IsInt() @Min(0) seq!: number;
  @IsOptional() @IsString() replyTo?: string;
  @ValidateNested() @Type(() => Author) author!: Author;
  @IsDate() @Type(() => Date) at!: Date;
}

@shape({ accepts: [{ authors: [AUTHOR, { name: 'Bob', id: 1 }] }, { authors: [] }] })
class Many {
  @IsArray() @ArrayMaxSize(3) @ValidateNested({ each: true }) @Type(() => Author) authors!: Author[];
}

@shape({
  accepts: [{ few: [AUTHOR], text: 'a@b.org', texts: ['ab'] }, { text: 'b@c.org' }],
  values: [
    [AUTHOR, { name: 1 }, {}],
    [{}, {}],
    'a',
    'abcdefghijkl',
    'a@bcdefghi.org',
    ['abc', 'ABCD', 5],
    ['A'],
  ],
})
class SizedFirst {
  @IsOptional() @ValidateNested({ each: true }) @ArrayMaxSize(2) @Type(() => Author) few?: Author[];
  @IsEmail() @Length(3, 10) @IsLowercase() @IsByteLength(2, 9) text!: string;
  @IsOptional() @IsLowercase({ each: true }) @MaxLength(2, { each: true }) texts?: string[];
}

@shape({ accepts: [{ authors: [AUTHOR] }, {}] })
class DeclaredList {
  @ValidateNested() @Type(() => Author) authors!: Author[];
}

@shape({ accepts: [{ author: AUTHOR }, { author: null }, {}] })
class MaybeNested {
  @IsOptional() @ValidateNested() @Type(() => Author) author?: Author | null;
}

@shape({ accepts: [{ author: AUTHOR, price: { amount: 1.5, currency: 'EUR' } }] })
class Required {
  @IsDefined() @ValidateNested() @Type(() => Author) author!: Author;
  @IsObject() @ValidateNested() @Type(() => Money) price!: Money;
}

@shape({
  accepts: [{ root: { label: 'a', children: [{ label: 'b', children: [] }] } }, { root: deepTree(12) }],
  values: [deepTree(30), deepTree(40), { label: 1 }, [deepTree(1)]],
})
class Forest {
  @ValidateNested() @Type(() => Tree) root!: Tree;
}

@shape({ accepts: [{ left: { right: { n: 1, left: { right: { n: 2 } } } } }] })
class Mutual {
  @ValidateNested() @Type(() => Left) left!: Left;
}

@shape({ accepts: [{ author: { ...AUTHOR, pen: 'x' } }], values: [{ pen: 1 }, { ...AUTHOR, pen: null }] })
class Derived {
  @ValidateNested() @Type(() => Writer) author!: Author;
}

class Base {
  @IsString() id!: string;
  @IsOptional() @IsString() @MaxLength(3) note?: string;
  @IsOptional() @Type(() => Date) at?: unknown;
  @IsOptional() @Type(() => Author) who?: unknown;
}

@shape({ accepts: [{ id: 'a', note: 'abc', more: 1, at: DATE }], values: DATES })
class Child extends Base {
  @IsInt() more!: number;
}

@shape({ accepts: [{ id: 'ab', note: 'abc' }], values: ['abcd', 'a'] })
class Narrowed extends Base {
  @MinLength(2) declare id: string;
}

@shape({ accepts: [{ id: 'a', at: 5, who: DATE }], values: [...DATES, AUTHOR] })
class Retyped extends Base {
  @Type(() => Number) declare at?: unknown;
  @Type(() => Date) declare who?: unknown;
}

@shape({ accepts: [{ id: 'a', at: '5', deep: 1 }], values: [...DATES, AUTHOR], leaves: [] })
class RetypedTwice extends Retyped {
  @IsOptional() deep?: unknown;
  @IsOptional() @Type(() => String) declare at?: unknown;
}

@shape({ accepts: [{ other: { $type: 'fuzz.nested', n: 1 } }, { other: { n: 1, at: DATE } }] })
class OfTagged {
  @IsInstance(Tagged) @ValidateNested() @Type(() => Tagged) other!: Tagged;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Tagged) others?: Tagged[];
}

@shape({ accepts: [{ any: { $type: 'fuzz.nested', n: 1 } }], leaves: DECODE })
class UntypedTagged {
  @IsOptional() any?: unknown;
}

@shape({ accepts: [{ a: { n: 1 } }, { b: { n: 1 } }, {}], values: DEFAULTS() })
class OfDefaults {
  @IsOptional() @Type(() => Defaulted) a?: Defaulted;
  @IsOptional() @Type(() => HoldsStrict) b?: HoldsStrict;
}

function DEFAULTS(): object[] {
  const types = ['fuzz.defaulted', 'fuzz.holdsStrict'];
  return types.flatMap(($type) => [
    { $type },
    { n: 1, $type },
    { $type, n: 1, author: null, strict: 1 },
    { $type, n: 1, author: { $type: 'fuzz.nested', n: 1 }, strict: null, tags: [], at: DATE },
    { $type, n: { $type, n: { $type } } },
  ]);
}

@shape({ accepts: [{ other: { $type: 'fuzz.nested', n: 1 } }], leaves: ['decode', 'check'] })
class UntypedNested {
  @ValidateNested() other!: object;
}

@shape({ accepts: [{ one: { authors: [AUTHOR] }, two: [{ n: 1 }] }] })
class Deep {
  @ValidateNested() @Type(() => Many) one!: Many;
  @ValidateNested({ each: true }) @Type(() => Right) two!: Right[];
}

@shape({
  accepts: [{ author: AUTHOR, list: [AUTHOR, null], any: [AUTHOR] }],
  values: [[[AUTHOR]], { x: AUTHOR }],
})
class Unvalidated {
  @Allow() @Type(() => Author) author!: Author;
  @IsOptional() @Type(() => Author) list?: (Author | null)[];
  @IsOptional() any?: unknown;
}

@shape({ accepts: [{ authors: [AUTHOR] }], leaves: ALL })
class NestedSet {
  @ValidateNested({ each: true }) @Type(() => Author) authors!: Set<Author>;
}

@shape({ accepts: [{ authors: { $map: [['a', AUTHOR]] } }], values: [{ a: AUTHOR }], leaves: ALL })
class NestedMap {
  @ValidateNested({ each: true }) @Type(() => Author) authors!: Map<string, Author>;
}

class Plain {
  @IsBoolean() yes!: boolean;
}

@shape({ accepts: [{ 5: { yes: true }, a: { 7: 'x', n: 1 } }], leaves: ['encode'] })
class NumberedNested {
  @ValidateNested() @Type(() => Plain) 5!: Plain;
  @IsOptional() @Type(() => NumberedTagged) a?: object;
}

@StreamMessage('fuzz.numberedTagged')
class NumberedTagged {
  declare readonly $type: 'fuzz.numberedTagged';
  @IsInt() n!: number;
  @IsString() 7!: string;
}
