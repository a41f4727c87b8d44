import { create, StreamMessage, type CodedError, type Message, type MessageClass } from '@nestwire/protocol';
import { encodeMessage } from '@nestwire/protocol/codec';
import { Type } from 'class-transformer';
import {
  Allow,
  IsArray,
  IsBoolean,
  IsDate,
  IsInstance,
  IsInt,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  registerDecorator,
  ValidateNested,
  ValidatorConstraint,
  Validate,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { declaredClassOf } from '../endpoint/endpoint-metadata.js';
import { MessageReaders } from './message-reader.js';
import '../../../../test/rig/message-libraries.js';

class Amount {
  @IsInt() cents!: number;
}

class Item {
  @IsString() name!: string;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Item) items?: Item[];
}

@StreamMessage('reader.order')
class Order {
  declare readonly $type: 'reader.order';
  @IsString() text!: string;
  @IsOptional() @ValidateNested() @Type(() => Amount) amount?: Amount;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items?: Item[];
  @IsOptional() @IsDate() @Type(() => Date) at?: Date;
  @IsOptional() @IsPositive() price?: number;
  @IsOptional() @IsNumber({ allowNaN: true, allowInfinity: true }) loose?: number;
  @Allow() any?: unknown;
}

@StreamMessage('reader.empty')
class Empty {
  declare readonly $type: 'reader.empty';
}

@StreamMessage('reader.other')
class Other {
  declare readonly $type: 'reader.other';
  @IsInt() cents!: number;
}

@StreamMessage('reader.pair')
class Pair {
  declare readonly $type: 'reader.pair';
  @IsInstance(Other) @ValidateNested() @Type(() => Other) other!: Other;
  @IsOptional() @ValidateNested() @Type(() => Amount) amount?: Amount;
}

@ValidatorConstraint({ name: 'isFree', async: true })
class IsFree implements ValidatorConstraintInterface {
  async validate(name: unknown): Promise<boolean> {
    await Promise.resolve();
    if (name === 'crash') throw new Error('the database is down');
    return name !== 'taken';
  }
  defaultMessage(): string {
    return 'the name is taken';
  }
}

/** An asynchronous validator without the mark. */
function IsUnmarked(name?: string): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      ...(name && { name }),
      target: target.constructor,
      propertyName: String(propertyName),
      constraints: [],
      validator: {
        validate: async (value: unknown) => Promise.resolve(value === 'good'),
        defaultMessage: () => 'is not good',
      },
    });
}

@StreamMessage('reader.named')
class Named {
  declare readonly $type: 'reader.named';
  @Validate(IsFree) name!: string;
}

class Inner {
  @IsUnmarked() value!: string;
}

@StreamMessage('reader.unmarked')
class Unmarked {
  declare readonly $type: 'reader.unmarked';
  @ValidateNested() @Type(() => Inner) inner!: Inner;
}

@StreamMessage('reader.namesake')
class Namesake {
  declare readonly $type: 'reader.namesake';
  @IsUnmarked('isString') text!: string;
}

class Kind {
  @IsString() kind!: string;
}

class NamedKind extends Kind {
  @Validate(IsFree) name!: string;
}

class HeavyKind extends Kind {
  @IsPositive() weight!: number;
}

@StreamMessage('reader.chosen')
class Chosen {
  declare readonly $type: 'reader.chosen';
  @ValidateNested()
  @Type(() => Kind, {
    keepDiscriminatorProperty: true,
    discriminator: {
      property: 'kind',
      subTypes: [
        { name: 'named', value: NamedKind },
        { name: 'heavy', value: HeavyKind },
      ],
    },
  })
  one!: Kind;
  @IsOptional() @ValidateNested() any?: unknown;
}

const readers = new MessageReaders(declaredClassOf as never);

function read<T extends Message>(cls: MessageClass<T>, data: object): T {
  return readers.of(cls)(data) as T;
}

function thrownBy(run: () => unknown): CodedError {
  try {
    run();
  } catch (error) {
    return error as CodedError;
  }
  throw new Error('This was expected to fail.');
}

function refusal(cls: MessageClass, data: object): unknown {
  try {
    return read(cls, data);
  } catch (error) {
    const { code, details } = error as { code: string; details: unknown };
    expect(code).toBe('INVALID_MESSAGE');
    return details;
  }
}

@StreamMessage('reader.lists')
class Lists {
  declare readonly $type: 'reader.lists';
  @IsOptional() @IsString({ each: true }) tags?: string[];
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Amount) amounts?: Amount[];
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Amount) either?: Amount[] | null;
  @IsOptional() @IsInt({ each: true }) set?: Set<number>;
  @IsOptional() @IsPositive({ each: true }) prices?: number[];
  @IsOptional() size?: number;
}

describe('A reader', () => {
  it('makes a validated instance, nested classes and dates included', () => {
    const order = read(Order, {
      text: 'x',
      amount: { cents: 5 },
      items: [{ name: 'a', items: [{ name: 'b' }] }],
      at: '2026-11-23T10:00:00.000Z',
    });
    expect(order).toBeInstanceOf(Order);
    expect(order.$type).toBe('reader.order');
    expect(order.amount).toBeInstanceOf(Amount);
    expect(order.items![0]!.items![0]).toBeInstanceOf(Item);
    expect(order.at).toEqual(new Date('2026-11-23T10:00:00.000Z'));
  });

  it('is compiled once for a class', () => {
    expect(readers.of(Order)).toBe(readers.of(Order));
  });

  it('takes what encodeMessage wrote', () => {
    const sent = create(Order, {
      text: 'x',
      amount: create(Amount, { cents: 1 }),
      loose: NaN,
      any: new Map([[1, { a: 2n }]]),
    });
    expect(read(Order, JSON.parse(encodeMessage(sent).data) as object)).toEqual(sent);
  });

  it.each([
    [{ text: 'x', bad: 1 }, ['bad']],
    [{ text: 7, amount: { cents: 1, b: 1 } }, ['text', 'amount.b']],
    [{ text: 'x', toString: 1 }, ['toString']],
  ])('says of %j, which has unknown properties, that the client may be newer', (data, paths) => {
    const error = thrownBy(() => read(Order, data));

    expect(error).toMatchObject({ code: 'INVALID_MESSAGE' });
    expect(error.message).toMatch(/The client may be newer than the server\. Deploy the server first/);
    const unknown = error.details!.filter(({ code }) => code === 'UNKNOWN_PROPERTY');
    expect(error.details!.map(({ path }) => path).toSorted()).toEqual(paths.toSorted());
    expect(unknown.map(({ path }) => path)).toEqual([paths.at(-1)]);
  });

  it('says nothing of newer clients where all properties are known', () => {
    const error = thrownBy(() => read(Order, { text: 7 }));

    expect(error.message).toBe('The message is not valid: text must be a string.');
    expect(error.details).toEqual([{ path: 'text', message: 'text must be a string' }]);
  });

  it.each([
    ['a wrong type', { text: 7 }, 'text', 'text must be a string'],
    ['a property that is missing', {}, 'text', 'text must be a string'],
    ['an unknown property', { text: 'x', bad: 1 }, 'bad', 'property bad should not exist'],
    [
      'a nested property',
      { text: 'x', amount: { cents: 'a' } },
      'amount.cents',
      'cents must be an integer number',
    ],
    [
      'an unknown nested property',
      { text: 'x', amount: { cents: 1, b: 1 } },
      'amount.b',
      'property b should not exist',
    ],
    [
      'an item of a list',
      { text: 'x', items: [{ name: 'a' }, { name: 'b' }, { name: 3 }] },
      'items.2.name',
      'name must be a string',
    ],
    [
      'a list where one object is declared',
      { text: 'x', amount: [{ cents: 1 }] },
      'amount',
      'must be one object, not a list',
    ],
    ['an empty list there', { text: 'x', amount: [] }, 'amount', 'must be one object, not a list'],
    ['a Set there', { text: 'x', amount: { $set: [] } }, 'amount', 'must be one object, not a list'],
    ['a list inside of a list of objects', { text: 'x', items: [[{ name: 'a' }]] }, 'items.0', undefined],
    [
      'an infinity that is not permitted',
      { text: 'x', price: { $number: 'Infinity' } },
      'price',
      'must be a finite number',
    ],
    ['an invalid date', { text: 'x', at: 'yesterday' }, 'at', 'at must be a Date instance'],
    ['a malformed tag', { text: { $date: 'yesterday' } }, 'text', 'has a bad tag'],
    [
      'a prototype',
      JSON.parse('{"text":"x","__proto__":{"admin":true}}') as object,
      '__proto__',
      'is reserved',
    ],
  ])('refuses %s and says where', (_, data, path, message) => {
    const details = refusal(Order, data) as Array<{ path: string; message: string }>;
    expect(details.map((detail) => detail.path)).toContain(path);
    if (message) expect(details).toContainEqual(expect.objectContaining({ path, message }));
  });

  it.each([
    ['a single value for a list', { tags: 'a' }, 'tags', 'must be a list'],
    ['a single object for a list', { amounts: { cents: 1 } }, 'amounts', 'must be a list'],
    ['a single object for a list that may be null', { either: { cents: 1 } }, 'either', 'must be a list'],
    ['a list for a Set', { set: [1] }, 'set', 'must be a Set'],
    ['an infinity in a list', { prices: [1, { $number: 'Infinity' }] }, 'prices', 'must be a finite number'],
    ['NaN where a number is declared', { size: { $number: 'NaN' } }, 'size', 'must be a finite number'],
  ])('refuses %s', (_, data, path, message) => {
    expect(refusal(Lists, data)).toEqual([{ path, message }]);
  });

  it('takes the lists and sets that a class declares', () => {
    const lists = create(Lists, { tags: ['a'], set: new Set([1]), prices: [1], either: null, size: 1 });
    lists.amounts = [create(Amount, { cents: 1 })];
    expect(read(Lists, JSON.parse(encodeMessage(lists).data) as object)).toEqual(lists);
  });

  it('refuses an object of another class than the declared one', () => {
    expect(read(Pair, { other: { cents: 1 } }).other).toBeInstanceOf(Other);
    expect(read(Pair, { other: { $type: 'reader.other', cents: 1 } }).other).toBeInstanceOf(Other);
    expect(refusal(Pair, { other: { $type: 'reader.order', text: 'x' } })).toEqual(
      expect.arrayContaining([expect.objectContaining({ path: 'other.text' })]),
    );
    expect(refusal(Pair, { other: { $type: 'reader.nobody' } })).toEqual([
      expect.objectContaining({ path: 'other' }),
    ]);
  });

  it('turns whatever the libraries throw into INVALID_MESSAGE and pollutes nothing', () => {
    refusal(Order, { text: 'x', any: { constructor: 1 } });
    refusal(Order, { text: 'x', any: { constructor: { prototype: { admin: true } } } });
    refusal(Order, JSON.parse('{"text":"x","any":{"__proto__":{"admin":true}}}') as object);
    refusal(Order, { constructor: 1, text: 'x' });
    refusal(Order, { text: 'x', toString: 1, $type: 'reader.empty' });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('names at most twenty places and shortens long names', () => {
    const data = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`${'x'.repeat(400)}${index}`, 1]),
    );
    const details = refusal(Order, data) as Array<{ path: string; message: string }>;
    expect(details).toHaveLength(20);
    expect(Math.max(...details.map(({ path, message }) => path.length + message.length))).toBeLessThanOrEqual(
      428,
    );
  });

  it('of a class without fields takes no properties', () => {
    expect(read(Empty, {})).toBeInstanceOf(Empty);
    expect(refusal(Empty, { a: 1 })).toEqual([
      { path: 'a', message: 'property a should not exist', code: 'UNKNOWN_PROPERTY' },
    ]);
  });

  it('waits for asynchronous constraints, and only for them', async () => {
    expect(read(Order, { text: 'x' })).not.toBeInstanceOf(Promise);
    await expect(readers.of(Named)({ name: 'free' })).resolves.toBeInstanceOf(Named);
    await expect(readers.of(Named)({ name: 'taken' })).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ path: 'name', message: 'the name is taken' }],
    });
    await expect(readers.of(Named)({ name: 'free', $date: 1 })).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
    });
  });

  it('waits for an async validator in a nested class that is not marked as one', async () => {
    await expect(readers.of(Unmarked)({ inner: { value: 'good' } })).resolves.toBeInstanceOf(Unmarked);
    await expect(readers.of(Unmarked)({ inner: { value: 'bad' } })).rejects.toMatchObject({
      details: [{ path: 'inner.value', message: 'is not good' }],
    });
  });

  it('waits for an async validator that has the name of a constraint of class-validator', async () => {
    await expect(readers.of(Namesake)({ text: 'good' })).resolves.toBeInstanceOf(Namesake);
    await expect(readers.of(Namesake)({ text: 'bad' })).rejects.toMatchObject({
      details: [{ path: 'text', message: 'is not good' }],
    });
  });

  it('waits for the asynchronous constraints of a class that the data chooses', async () => {
    expect(read(Chosen, { one: { kind: 'plain' } })).toBeInstanceOf(Chosen);
    for (const where of ['one', 'any']) {
      const choice = where === 'one' ? { kind: 'named' } : { $type: 'reader.named' };
      const data = (name: string) => ({ one: { kind: 'plain' }, [where]: { ...choice, name } });
      await expect(readers.of(Chosen)(data('free'))).resolves.toBeInstanceOf(Chosen);
      await expect(readers.of(Chosen)(data('taken'))).rejects.toMatchObject({
        details: [{ path: `${where}.name`, message: 'the name is taken' }],
      });
    }
  });

  it('refuses a key without a text before it asks an asynchronous constraint', () => {
    const one = { kind: 'named', name: 'free' };

    expect(refusal(Chosen, { one, any: { $map: [[null, {}]] } })).toEqual([]);
  });

  it('checks the shape of the class that the data chooses', () => {
    const heavy = { kind: 'heavy', weight: { $number: 'Infinity' } };

    expect(refusal(Chosen, { one: heavy })).toEqual([
      { path: 'one.weight', message: 'must be a finite number' },
    ]);
  });

  it('keeps booleans and optional properties as the class declares them', () => {
    @StreamMessage('reader.flags')
    class Flags {
      declare readonly $type: 'reader.flags';
      @IsBoolean() on!: boolean;
      @IsOptional() @IsString() name?: string | null;
    }
    expect(read(Flags, { on: false, name: null })).toEqual(create(Flags, { on: false, name: null }));
    expect(refusal(Flags, { on: 'false' })).toEqual([{ path: 'on', message: 'on must be a boolean value' }]);
  });
});
