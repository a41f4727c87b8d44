/* oxlint-disable no-unused-vars -- the class decorators collect the classes */
import { StreamMessage } from '@nestwire/protocol';
import { Type } from '@nestwire/protocol/class-transformer';
import {
  IsDefined,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  registerDecorator,
  Validate,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  ValidationTypes,
  ValidatorConstraint,
  type ValidationArguments,
  type ValidationOptions,
} from 'class-validator';
import { ALL, CHECK, DECODE, nameable, shape } from './shape.js';

@ValidatorConstraint({ name: 'isShort' })
class IsShort {
  validate(value: unknown, args: ValidationArguments): boolean {
    return String(value).length < ((args.constraints?.[0] as number | undefined) ?? 3);
  }
}

@ValidatorConstraint({ name: 'isFree', async: true })
class IsFree {
  async validate(value: unknown): Promise<boolean> {
    await Promise.resolve();
    if (value === 'crash') throw new Error('out of order');
    return value !== 'taken';
  }
}

/** A decorator that its author gave the name of another. */
function named(name: string, accepts: (value: unknown) => unknown, options?: ValidationOptions) {
  return (target: object, propertyName: string): void =>
    registerDecorator({
      name,
      target: target.constructor,
      propertyName,
      ...(options && { options }),
      constraints: [],
      validator: { validate: accepts as never, defaultMessage: () => `is not ${name}` },
    });
}

const isNotX = (value: unknown): boolean => value !== 'x';
const isNotXLater = (value: unknown): Promise<boolean> => Promise.resolve(value !== 'x');
const WORDS = ['x', 'a', 'abc', 'taken', 'crash', null, ['x'], ['a', 'b'], 5];

@shape({ accepts: [{ a: 'ab' }, { a: 'ab', b: 'abcd', c: ['a'] }], values: WORDS, leaves: CHECK })
class OwnConstraint {
  @Validate(IsShort) a!: string;
  @IsOptional() @Validate(IsShort, [5]) b?: unknown;
  @IsOptional() @Validate(IsShort, { each: true }) c?: unknown;
}

@shape({ accepts: [{ a: 'a' }, { a: 'a', b: ['b'] }], values: WORDS, leaves: CHECK })
class Registered {
  @ValidateBy({ name: 'isNotX', validator: { validate: isNotX } }) a!: string;
  @IsOptional()
  @ValidateBy({ name: 'isNotX', validator: { validate: isNotX } }, { each: true })
  b?: unknown;
}

@shape({ accepts: [{ a: 'a' }, { a: 'a', b: ['b'] }], values: WORDS })
export class NamedAlike {
  @named('isString', isNotX) a!: string;
  @IsOptional() @named('isInt', isNotX, { each: true }) b?: unknown;
}

@shape({ accepts: [{ a: 'a' }], values: WORDS, leaves: CHECK })
class NamedAlikeTruthy {
  @named('isString', (value) => (value === 'x' ? '' : 'yes')) a!: unknown;
}

@shape({ accepts: [{ a: 'a' }, { a: 'b', b: 'x' }], values: WORDS, leaves: CHECK })
class NamedAsTypes {
  @named(ValidationTypes.WHITELIST, () => false) a!: unknown;
  @IsOptional() @named(ValidationTypes.PROMISE_VALIDATION, () => false) b?: unknown;
}

@shape({ accepts: [{ a: 'a' }], values: WORDS, leaves: CHECK })
class NamedAsDefined {
  @named(ValidationTypes.IS_DEFINED, isNotX) a!: unknown;
  @named(ValidationTypes.CUSTOM_VALIDATION, () => true) b?: unknown;
}

@shape({ accepts: [{ a: 'a' }], values: WORDS, leaves: CHECK, isAsync: true })
class NamedAlikeLater {
  @named('isString', isNotXLater) a!: unknown;
}

@shape({ accepts: [{ a: ['a'] }, { a: [] }], values: WORDS, leaves: CHECK, isAsync: true })
class NamedAlikeLaterEach {
  @named('isString', isNotXLater, { each: true }) a!: unknown;
}

@shape({ accepts: [{ a: 'a' }], values: WORDS, leaves: CHECK, isAsync: true })
class Later {
  @IsString() @Validate(IsFree) a!: string;
}

class LaterWithin {
  @Validate(IsFree) a!: string;
}

class Kind {
  @IsString() kind!: string;
}

class LaterKind extends Kind {
  @Validate(IsFree) a!: string;
}

@StreamMessage('fuzz.laterTagged')
class LaterTagged extends LaterWithin {
  declare readonly $type: 'fuzz.laterTagged';
}
nameable.push(LaterTagged);

@shape({
  accepts: [{ in: { a: 'a' } }, {}],
  values: [...WORDS, { a: 'taken' }],
  leaves: CHECK,
  isAsync: true,
})
class LaterNested {
  @IsOptional() @ValidateNested() @Type(() => LaterWithin) in?: LaterWithin;
}

@shape({
  accepts: [{ in: { kind: 'later', a: 'a' } }, { in: { kind: 'x' } }],
  values: [{ kind: 'later', a: 'taken' }, 'taken', 'later'],
  leaves: ALL,
  isAsync: true,
})
class LaterDiscriminated {
  @ValidateNested()
  @Type(() => Kind, {
    keepDiscriminatorProperty: true,
    discriminator: { property: 'kind', subTypes: [{ name: 'later', value: LaterKind }] },
  })
  in!: object;
}

@shape({
  accepts: [{ in: { $type: 'fuzz.laterTagged', a: 'a' } }],
  values: [{ $type: 'fuzz.laterTagged', a: 'taken' }, [{ $type: 'fuzz.laterTagged', a: 'taken' }], 'taken'],
  leaves: ['decode', 'check'],
  isAsync: true,
})
class LaterUntyped {
  @ValidateNested() in!: unknown;
}

@shape({
  accepts: [{ a: 'a' }, { a: 'a', any: { $type: 'fuzz.laterTagged', a: 'a' } }],
  values: ['taken', { $map: [[null, {}]] }, { $type: 'fuzz.laterTagged', a: 'taken' }],
  leaves: ['decode', 'check'],
  isAsync: true,
})
class LaterBoth {
  @Validate(IsFree) a!: string;
  @IsOptional() @ValidateNested() any?: unknown;
}

@shape({ accepts: [{ a: 'a' }], values: WORDS, leaves: CHECK })
class Grouped {
  @IsString({ groups: ['a'] }) a!: string;
  @IsOptional() @IsInt({ groups: ['b'], always: true }) b?: number;
}

@shape({ accepts: [{ a: 'a', b: 'b' }, { a: 'x' }, { a: 'x', b: 5 }], values: WORDS, leaves: CHECK })
class Conditional {
  @IsString() a!: string;
  @ValidateIf((object: { a: unknown }) => object.a !== 'x') @IsString() b?: unknown;
}

@shape({ accepts: [{ a: 'a' }, { a: 'a', b: 'x' }], values: WORDS, leaves: CHECK })
class PartlyConditional {
  @IsString({ validateIf: (_, value) => value !== 5 }) a!: unknown;
  @IsOptional() @MaxLength(1, { validateIf: (object: { a: unknown }) => object.a !== 'x' }) b?: unknown;
}

@shape({ accepts: [{ a: 'a', toJSON: 'x' }], values: WORDS })
class NamedLikeMethods {
  @IsString() a!: string;
  @IsOptional() @IsString() toJSON?: unknown;
  @IsOptional() then?: unknown;
  @IsOptional() length?: unknown;
}

@shape({ accepts: [{ a: 'a' }, { a: 'a', valueOf: 'x' }], values: WORDS, leaves: ALL })
class Reserved {
  @IsString() a!: string;
  @IsOptional() @IsIn(['x']) valueOf!: never;
}

@shape({ accepts: [{ 'a b': 1, 'é"\\': 1, '': 1 }], values: ['x'] })
class OddNames {
  @IsInt() 'a b'!: number;
  @IsInt() 'é"\\'!: number;
  @IsDefined() ''!: unknown;
}

@shape({ accepts: [{ $a: 1 }], values: WORDS, leaves: DECODE.concat('encode') })
class Dollars {
  @IsInt() $a!: number;
}
