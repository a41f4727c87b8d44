import { StreamMessage, type MessageClass } from '@nestwire/protocol';
import { Type } from '@nestwire/protocol/class-transformer';
import {
  ArrayMaxSize,
  IsEmail,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  registerDecorator,
  Validate,
  ValidateNested,
  ValidatorConstraint,
  type ValidationArguments,
} from 'class-validator';
import { declaredClassOf } from '../endpoint/endpoint-metadata.js';
import { MessageReaders } from './message-reader.js';
import '../../../../test/rig/message-libraries.js';

const MOST = 20;
const MANY = 1_000;

/** The number of error texts and of constraint calls. */
const counts = { texts: 0, answers: 0 };

@ValidatorConstraint({ name: 'isCounted' })
class IsCounted {
  validate(value: unknown): boolean {
    counts.answers += 1;
    return value === 'good';
  }
  defaultMessage({ property }: ValidationArguments): string {
    counts.texts += 1;
    return `${property} is not good`;
  }
}

@ValidatorConstraint({ name: 'isCountedLater', async: true })
class IsCountedLater extends IsCounted {
  override validate(value: unknown): never {
    return Promise.resolve(super.validate(value)) as never;
  }
}

@ValidatorConstraint({ name: 'isCountedUnmarked' })
class IsCountedUnmarked extends IsCountedLater {}

class CountedUnmarked {
  @Validate(IsCountedUnmarked) value!: string;
}

class Counted {
  @Validate(IsCounted) value!: string;
}

class CountedLater {
  @Validate(IsCountedLater) value!: string;
}

class Numbered {
  @IsInt({ message: () => `number ${++counts.texts}` }) n!: number;
}

@StreamMessage('bounded.message')
class Bounded {
  declare readonly $type: 'bounded.message';
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Counted) counted?: Counted[];
  @IsOptional() @ValidateNested({ each: true }) @Type(() => CountedLater) later?: CountedLater[];
  @IsOptional() @Validate(IsCountedLater, { each: true }) words?: string[];
  @IsOptional() @ValidateNested({ each: true }) @Type(() => CountedUnmarked) unmarked?: CountedUnmarked[];
  @IsOptional() @Validate(IsCountedUnmarked, { each: true }) unmarkedWords?: string[];
}

@StreamMessage('bounded.compiled')
class Compiled {
  declare readonly $type: 'bounded.compiled';
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Numbered) list?: Numbered[];
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Compiled) lists?: Compiled[];
  @IsOptional() @ArrayMaxSize(3) @ValidateNested({ each: true }) @Type(() => Numbered) few?: Numbered[];
  @IsOptional() @IsCountedText() @MaxLength(5) text?: string;
  @IsOptional() @IsEmail() @MaxLength(5) @IsString() email?: unknown;
  @IsOptional() @IsEmail() address?: string;
  @IsOptional() @IsEmail({}, { each: true }) addresses?: string[];
  @IsOptional() @Matches(/^(a|a)+$/) matched?: string;
}

/** A constraint with a name of class-validator, so that its class is compiled. */
function IsCountedText(): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      name: 'isString',
      target: target.constructor,
      propertyName: String(propertyName),
      constraints: [],
      validator: {
        validate: () => {
          counts.answers += 1;
          return false;
        },
        defaultMessage: () => 'is not counted',
      },
    });
}

const readers = new MessageReaders(declaredClassOf as never);

interface Detail {
  readonly path: string;
  readonly message: string;
}

async function refusal(cls: MessageClass, data: object): Promise<readonly Detail[]> {
  readers.of(cls);
  counts.texts = counts.answers = 0;
  try {
    await readers.of(cls)(data);
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_MESSAGE' });
    return (error as { details: readonly Detail[] }).details;
  }
  throw new Error('The message was accepted.');
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

describe('The validation of a refused message', () => {
  it('builds no error text beyond the limit of details', async () => {
    const details = await refusal(Compiled, { list: times(MANY, () => ({})) });

    expect(counts.texts).toBe(MOST);
    expect(details.map(({ path }) => path)).toEqual(times(MOST, (index) => `list.${index}.n`));
  });

  it('counts the errors of all lists in a list together', async () => {
    const details = await refusal(Compiled, {
      lists: times(50, () => ({ list: times(3, () => ({})), lists: [{ list: [{}] }] })),
    });

    expect(counts.texts).toBe(MOST);
    expect(details.at(4)).toEqual({ path: 'lists.1.list.0.n', message: 'number 5' });
  });

  it('finds the wrong items among many that are valid', async () => {
    const list: object[] = times(MANY, (n) => ({ n }));
    list[500] = { n: 'x' };
    list[900] = { n: 1, other: 1 };

    expect(await refusal(Compiled, { list })).toEqual([
      { path: 'list.500.n', message: 'number 1' },
      { path: 'list.900.other', message: 'property other should not exist', code: 'UNKNOWN_PROPERTY' },
    ]);
  });

  it('stops at the last reported unknown property, in each item of a list', async () => {
    const unknown = Object.fromEntries(times(7, (index) => [`key${index}`, 1]));
    const details = await refusal(Compiled, { list: times(MANY, () => ({ n: 1, ...unknown })) });

    expect(details).toHaveLength(MOST);
    expect(details.at(-1)).toEqual({
      path: 'list.2.key5',
      message: 'property key5 should not exist',
      code: 'UNKNOWN_PROPERTY',
    });
  });

  it('does not look at the items of a list that is too long', async () => {
    const details = await refusal(Compiled, { few: times(MANY, () => ({})) });

    expect(details).toEqual([{ path: 'few', message: 'few must contain no more than 3 elements' }]);
    expect(counts.texts).toBe(0);
  });

  it('asks nothing else about a text that is too long', async () => {
    const details = await refusal(Compiled, { text: 'x'.repeat(6), email: 'x'.repeat(6) });

    expect(details).toEqual([
      { path: 'text', message: 'text must be shorter than or equal to 5 characters' },
      { path: 'email', message: 'email must be shorter than or equal to 5 characters' },
    ]);
    expect(counts.answers).toBe(0);
  });

  it.each([
    [
      'short',
      { address: `${'a@'.repeat(600)}b.org` },
      'address must not be longer than 1024 characters for isEmail',
    ],
    [
      'matched without a limit of its own',
      { matched: 'a'.repeat(9_000) },
      'matched must not be longer than 8192 characters for matches, unless the property has @MaxLength()',
    ],
    [
      'short, in a list',
      { addresses: ['a@b.org', 'a'.repeat(2_000)] },
      'addresses must not be longer than 1024 characters for isEmail',
    ],
  ])('refuses a text that is too long for a form that is %s', async (_, data, message) => {
    expect(await refusal(Compiled, data)).toEqual([{ path: Object.keys(data)[0], message }]);
  });

  it('tells everything that is wrong with a value of another type', async () => {
    const details = await refusal(Compiled, { email: 5 });

    expect(details.map(({ message }) => message)).toEqual([
      'email must be a string',
      'email must be shorter than or equal to 5 characters',
      'email must be an email',
    ]);
  });

  it('asks constraints of the application no further than it tells errors', async () => {
    await refusal(Bounded, { counted: times(MANY, () => ({ value: 'bad' })) });

    expect(counts).toEqual({ texts: MOST, answers: MOST });
  });

  it('asks asynchronous constraints in groups, and none after the last error', async () => {
    const details = await refusal(Bounded, { later: times(MANY, () => ({ value: 'bad' })) });

    expect(details.map(({ path }) => path)).toEqual(times(MOST, (index) => `later.${index}.value`));
    expect(counts).toEqual({ texts: MOST, answers: 64 });
  });

  it('asks an asynchronous constraint about a group of items before the next group', async () => {
    const details = await refusal(Bounded, { words: times(MANY, () => 'bad') });

    expect(details).toEqual([{ path: 'words', message: 'words is not good' }]);
    expect(counts).toEqual({ texts: 1, answers: 64 });
  });

  it('asks a constraint in groups that is asynchronous without saying so', async () => {
    const unmarked = times(MANY, () => ({ value: 'bad' }));
    expect(await refusal(Bounded, { unmarked })).toHaveLength(MOST);
    // The first item, and one group.
    expect(counts).toEqual({ texts: MOST, answers: 65 });

    expect(await refusal(Bounded, { unmarkedWords: times(MANY, () => 'bad') })).toHaveLength(1);
    expect(counts.answers).toBeLessThanOrEqual(64);
  });

  it('asks no asynchronous constraint when the others have refused enough', async () => {
    const bad = times(MANY, () => ({ value: 'bad' }));
    await refusal(Bounded, { later: bad, counted: bad });

    expect(counts).toEqual({ texts: MOST, answers: MOST });
  });
});

describe('The validation of an accepted message', () => {
  it('asks each constraint, in as many groups as it takes', async () => {
    counts.answers = 0;
    const good = times(MANY, () => ({ value: 'good' }));
    const words = times(MANY, () => 'good');
    const data = { later: good, counted: good, words, unmarked: good, unmarkedWords: words };

    await expect(readers.of(Bounded)(data)).resolves.toBeInstanceOf(Bounded);
    expect(counts.answers).toBe(5 * MANY);
  });
});
