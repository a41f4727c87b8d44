/* oxlint-disable no-unused-vars -- the class decorators collect the classes */
import { Exclude, Expose, Transform, Type } from '@nestwire/protocol/class-transformer';
import {
  Allow,
  IsBoolean,
  IsDate,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { ALL, CODED, DECODE, outer, shape } from './shape.js';
import { Author, AUTHOR } from './shapes.nested.js';
import { DATE, DATES } from './shapes.plain.js';

class Animal {
  @IsString() kind!: string;
}

class Cat extends Animal {
  @IsInt() lives!: number;
}

class Dog extends Animal {
  @IsBoolean() isGood!: boolean;
}

const PETS = [
  { name: 'cat', value: Cat },
  { name: 'dog', value: Dog },
];

@shape({ accepts: [{ a: ' x ' }, { a: 'magic' }], values: ['magic', 'magic '], leaves: CODED })
export class Transformed {
  @Transform(({ value }: { value: unknown }) => (value === 'magic' ? 'x' : value))
  @MaxLength(3)
  @IsString()
  a!: string;
}

@shape({ accepts: [{ a: 'x', at: DATE }], values: [AUTHOR, 5], leaves: CODED })
class OneWay {
  @Transform(({ value }: { value: unknown }) => [value], { toPlainOnly: true }) @IsOptional() a?: unknown;
  @Transform(({ value }: { value: unknown }) => value, { toClassOnly: true }) @IsOptional() at?: unknown;
}

class TransformsWithin {
  @Transform(({ value }: { value: unknown }) => (value === 'b' ? 'a' : value)) @IsString() a!: string;
}

@shape({ accepts: [{ in: { a: 'b' } }], values: [{ a: 'a' }, 'b'], leaves: CODED })
class TransformedNested {
  @ValidateNested() @Type(() => TransformsWithin) in!: TransformsWithin;
}

class TransformedBase {
  @Transform(({ value }: { value: unknown }) => (value === 'b' ? 'a' : value)) @IsOptional() a?: unknown;
}

@shape({ accepts: [{ a: 'b', b: 1 }], values: ['a', 'b'], leaves: CODED })
class TransformedChild extends TransformedBase {
  @IsInt() b!: number;
}

@shape({ accepts: [{ first: 'x', n: 1 }], leaves: CODED })
class Exposed {
  @Expose({ name: 'first' }) @IsString() a!: string;
  @Expose() @IsInt() n!: number;
}

@shape({ accepts: [{ a: 'x' }, { a: 'x', secret: 'y' }], leaves: CODED })
class Excluded {
  @IsString() a!: string;
  @Exclude() @IsOptional() @IsString() secret?: string;
}

@shape({ accepts: [{ a: 'x' }, { a: 'x', hidden: 'y' }], leaves: CODED })
@Exclude()
class ExcludedClass {
  @Expose() @IsString() a!: string;
  @IsOptional() @IsString() hidden?: string;
}

@shape({ accepts: [{ n: 1 }], leaves: CODED })
class ExposedGetter {
  @IsInt() n!: number;
  @Expose() get twice(): number {
    return this.n * 2;
  }
}

@shape({
  accepts: [{ pet: { kind: 'cat', lives: 9 } }, { pet: { kind: 'dog', isGood: true } }],
  values: [{ kind: 'cat', lives: 'x' }, { kind: 'bird' }, [{ kind: 'cat', lives: 1 }], null],
  leaves: ALL,
})
export class Discriminated {
  @ValidateNested()
  @Type(() => Animal, {
    keepDiscriminatorProperty: true,
    discriminator: { property: 'kind', subTypes: PETS },
  })
  pet!: Animal;
}

@shape({
  accepts: [{ pets: [{ kind: 'cat', lives: 9 }] }],
  values: [{ kind: 'cat', lives: 9 }, [{ kind: 'bird' }], [null], [1]],
  leaves: ALL,
})
class DiscriminatedList {
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Animal, {
    keepDiscriminatorProperty: true,
    discriminator: { property: 'kind', subTypes: PETS },
  })
  pets?: Animal[];
}

class Box {
  @IsInt() @Max(9) size!: number;
}

class SmallBox extends Box {
  @MaxLength(0) @Max(2) declare size: number;
}

/** The class of the second kind refuses everything, and has no property of its own. */
@shape({
  accepts: [{ box: { size: 5 } }],
  values: [
    { kind: 'cat', size: 5 },
    { kind: 'cat', size: 1 },
  ],
  leaves: CODED,
})
class Narrowing {
  @ValidateNested()
  @Type(() => Box, {
    discriminator: { property: 'kind', subTypes: [{ name: 'cat', value: SmallBox }] },
  })
  box!: Box;
}

@shape({
  accepts: [{ pet: { kind: 'x' } }],
  values: [
    { kind: 'x', lives: 1 },
    { kind: 'x', isGood: true },
  ],
})
class ByOuterState {
  @IsOptional() @Type(() => (outer.isFlipped ? Cat : Animal)) pet?: unknown;
  @IsOptional() @Type(() => (outer.isFlipped ? Number : Date)) at?: unknown;
}

/** The choice of a class by what the property's owner holds. */
function choose(at: unknown): new () => object {
  return at instanceof Date || outer.isFlipped ? Author : Box;
}

interface Help {
  object: { at?: unknown };
}

const NO_HELP = { newObject: {}, object: {}, property: '' };
const CHOICES = [{ kind: 1 }, { name: 'x' }, { at: DATE }, AUTHOR, { size: 5 }, ...DATES];

@shape({
  accepts: [
    { at: DATE, it: AUTHOR },
    { at: 5, it: { size: 1 } },
  ],
  values: CHOICES,
  leaves: CODED,
})
class ByOptions {
  @IsOptional() at?: unknown;
  @IsOptional() @Type((help) => choose((help as unknown as Help).object.at)) it?: unknown;
}

@shape({
  accepts: [
    { at: DATE, it: AUTHOR },
    { at: 5, it: { size: 1 } },
  ],
  values: CHOICES,
  leaves: CODED,
})
class ByRest {
  @IsOptional() at?: unknown;
  @IsOptional() @Type((...all) => choose((all[0] as unknown as Help).object.at)) it?: unknown;
}

@shape({
  accepts: [
    { at: DATE, it: AUTHOR },
    { at: 5, it: { size: 1 } },
  ],
  values: CHOICES,
  leaves: CODED,
})
class ByDefault {
  @IsOptional() at?: unknown;
  @IsOptional() @Type(({ object } = NO_HELP) => choose((object as Help['object']).at)) it?: unknown;
}

@shape({
  accepts: [
    { at: DATE, it: AUTHOR },
    { at: 5, it: { size: 1 } },
  ],
  values: CHOICES,
  leaves: CODED,
})
class ByArguments {
  @IsOptional() at?: unknown;
  @IsOptional()
  @Type(function () {
    // oxlint-disable-next-line prefer-rest-params -- that is what is tried
    return choose((arguments[0] as Help).object.at);
  })
  it?: unknown;
}

@shape({ accepts: [{ a: 1 }, { a: 1, b: 'x' }], values: [AUTHOR, DATE], leaves: CODED })
class BrokenTypes {
  @Allow() a!: unknown;
  @IsOptional()
  @Type(() => {
    if (outer.isFlipped) throw new TypeError('not now');
    return undefined as never;
  })
  b?: unknown;
}

@shape({ accepts: [{ at: DATE, list: [1, 2], any: { a: 1 } }], values: DATES, leaves: CODED })
class NativeTypes {
  @IsOptional() @IsDate() @Type(() => Date) at?: Date;
  @IsOptional() @Type(() => Array) list?: unknown[];
  @IsOptional() @Type(() => Object) any?: unknown;
}
