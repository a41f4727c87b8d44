/* oxlint-disable no-unused-vars -- the class decorators collect the classes */
import { Type } from '@nestwire/protocol/class-transformer';
import {
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  MaxLength,
  registerDecorator,
  Validate,
  ValidateIf,
  ValidateNested,
  ValidatePromise,
  ValidatorConstraint,
} from 'class-validator';
import { declaredClassOf } from '../endpoint/endpoint-metadata.js';
import { FastPathChecks } from './fast-path-checks.js';
import type { Accepts } from './fast-path-function.js';
import '../../../../test/rig/message-libraries.js';

function checkOf(cls: new () => object): Accepts | undefined {
  return new FastPathChecks(declaredClassOf as never).of(cls);
}

class Author {
  @IsString() name!: string;
}

class Note {
  @IsString() @MaxLength(3) text!: string;
  @IsOptional() @IsInt({ each: true }) numbers?: number[];
  @IsOptional() @ValidateNested() @Type(() => Author) author?: Author;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Author) authors?: Author[];
}

class Quick extends Note {}

function note(properties: object): Note {
  return Object.assign(new Note(), { text: 'abc' }, properties);
}

function author(name: unknown): Author {
  return Object.assign(new Author(), { name });
}

describe('The acceptance check', () => {
  const accepts = checkOf(Note)!;

  it.each([
    ['what its class is made for', {}],
    ['lists, and each of their items', { numbers: [1, 2] }],
    ['nested instances', { author: author('x'), authors: [author('y')] }],
    ['what is optional and null', { numbers: null, author: null, authors: null }],
  ])('accepts %s', (_, properties) => {
    expect(accepts(note(properties))).toBe(true);
  });

  it.each([
    ['a value of another type', { text: 5 }],
    ['a value that is too long', { text: 'abcd' }],
    ['a missing value', { text: undefined }],
    ['a property that is not known', { more: 1 }],
    ['a bad item', { numbers: [1, 'x'] }],
    ['one value for a list', { numbers: 1 }],
    ['a bad nested instance', { author: author(5) }],
    ['a plain object for a nested instance', { author: { name: 'x' } }],
    ['a list for a nested instance', { author: [author('x')] }],
    ['a nested instance for a list', { authors: author('x') }],
    ['null in a list of instances', { authors: [null] }],
    [
      'a list with methods of its own',
      { authors: Object.setPrototypeOf([], { __proto__: Array.prototype }) },
    ],
    ['a constructor of its own', { constructor: Quick }],
  ])('leaves %s to the libraries', (_, properties) => {
    expect(accepts(note(properties))).toBe(false);
  });

  it('leaves an instance of another class to the libraries', () => {
    expect(accepts(Object.assign(new Quick(), { text: 'abc' }))).toBe(false);
  });

  it('leaves to the libraries what throws', () => {
    const treacherous = Object.defineProperty(note({}), 'numbers', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });

    expect(accepts(treacherous)).toBe(false);
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

/** Adds a class without a check. */
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

@has('an expression with a memory in its options')
class StickyWithin {
  @IsUrl({ host_whitelist: [/a/g] }) a!: string;
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
