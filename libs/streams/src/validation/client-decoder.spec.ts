/* oxlint-disable no-unused-vars -- only data names a class */
import 'reflect-metadata';
import { PresenceJoined, StreamGap, StreamMessage, type MessageClass } from '@nestwire/protocol';
import { Expose, Type } from '@nestwire/protocol/class-transformer';
import { Allow, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { ClientDecoder } from './client-decoder.js';
import '../../../../test/rig/message-libraries.js';

const constructed: string[] = [];

@StreamMessage('clientData.secret')
class Secret {
  declare readonly $type: 'clientData.secret';
  @IsOptional() n?: number;
  constructor() {
    constructed.push('Secret');
  }
}

@StreamMessage('clientData.part')
class Part {
  declare readonly $type: 'clientData.part';
  @IsInt() n!: number;
  describe(): string {
    return '';
  }
}

class Inner {
  @IsOptional() @ValidateNested() @Type(() => Part) part?: Part;
  @IsOptional() @IsString() valueOf!: never;
}

@StreamMessage('clientData.note')
class Note {
  declare readonly $type: 'clientData.note';
  @Allow() any?: unknown;
  @IsOptional() @ValidateNested() @Type(() => Inner) inner?: Inner;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Part) parts?: Part[];
  @Expose() get twice(): number {
    return 2;
  }
  describe(): string {
    return '';
  }
}

@StreamMessage('clientData.named')
class Named {
  declare readonly $type: 'clientData.named';
  @Expose({ name: 'wired' }) @IsOptional() @ValidateNested() @Type(() => Part) part?: Part;
}

@StreamMessage('clientData.mapped')
class Mapped {
  declare readonly $type: 'clientData.mapped';
  // class-transformer reads the class in the metadata that the application's compiler emits.
  @Type(() => Part) @Reflect.metadata('design:type', Map) byKey?: Map<string, Part>;
}

class Made {
  @IsInt() n!: number;
  constructor() {
    constructed.push('Made');
  }
}

@StreamMessage('clientData.maker')
class Maker {
  declare readonly $type: 'clientData.maker';
  @ValidateNested({ each: true }) @Type(() => Made) made!: Made[];
}

@StreamMessage('clientData.other')
class Other {
  declare readonly $type: 'clientData.other';
  @IsOptional() n?: number;
}

const decoder = new ClientDecoder();
for (const cls of [Note, Other, Named, Maker, Mapped]) decoder.accept(cls);

/** Returns the details of a refusal; undefined for accepted data. */
function refusal(data: object, cls: MessageClass = Note): unknown {
  try {
    decoder.decode(cls, data);
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_MESSAGE' });
    return (error as { details: unknown }).details;
  }
}

const NAMES_OF_OBJECTS = [
  ...['toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'toLocaleString'],
  ...['__defineGetter__', '__defineSetter__', '__lookupGetter__', '__lookupSetter__', 'constructor'],
];

describe('A class that data names', () => {
  it.each([
    ['that an endpoint handles', { any: { $type: 'clientData.other', n: 1 } }],
    ['that a property of a class has, however deep', { any: [{ a: { $type: 'clientData.part', n: 1 } }] }],
    ['that the property has', { inner: { part: { $type: 'clientData.part', n: 1 } } }],
  ])('is made if it is one %s', (_, data) => {
    expect(refusal(data)).toBeUndefined();
  });

  it.each([
    ['in an untyped property', { any: { $type: 'clientData.secret' } }, 'any'],
    ['in a tree', { any: { a: [1, { $type: 'clientData.secret' }] } }, 'any.a.1'],
    ['in a list of another class', { parts: [{ $type: 'clientData.secret', n: 1 }] }, 'parts.0'],
    ['in a map', { any: { $map: [['k', { $type: 'clientData.secret' }]] } }, 'any.$map.0.1'],
    ['in a plain object', { any: { $plain: { $a: { $type: 'clientData.secret' } } } }, 'any.$plain.$a'],
    [
      'inside of one that is accepted',
      { any: { $type: 'clientData.other', n: { $type: 'clientData.secret' } } },
      'any.n',
    ],
  ])('is not made %s when nobody accepts it', (_, data, path) => {
    constructed.length = 0;

    expect(refusal(data)).toEqual([{ path, message: 'names a class that is not accepted here' }]);
    expect(constructed).toEqual([]);
  });

  it('is not made when it belongs to this library, even if an endpoint handles it', () => {
    decoder.accept(StreamGap);
    decoder.accept(PresenceJoined);

    for (const $type of ['nestwire.gap', 'nestwire.presence.joined'])
      expect(refusal({ any: { $type } })).toEqual([
        { path: 'any', message: 'names a class that is not accepted here' },
      ]);
  });

  it('is only a key in a plain object', () => {
    expect(refusal({ any: { $plain: { $type: 'clientData.secret' } } })).toBeUndefined();
  });
});

describe('A key that no property has', () => {
  it.each(NAMES_OF_OBJECTS)('is refused when every object has it: %s', (key) => {
    const data = { [key]: 1 };
    const told = { message: `property ${key} should not exist`, code: 'UNKNOWN_PROPERTY' };

    expect(refusal(data)).toEqual([{ path: key, ...told }]);
    expect(refusal({ parts: [{ n: 1 }, data] })).toEqual([{ path: `parts.1.${key}`, ...told }]);
    expect(refusal({ any: { $type: 'clientData.other', ...data } })).toEqual([
      { path: `any.${key}`, ...told },
    ]);
    expect(refusal({ any: [{ $map: [[1, { $type: 'clientData.part', ...data }]] }] })).toEqual([
      { path: `any.0.$map.0.1.${key}`, ...told },
    ]);
  });

  it('is refused when the class has it for a method or an accessor', () => {
    expect(refusal({ describe: 1, inner: { part: { n: 1, describe: 1 } } })).toEqual([
      { path: 'describe', message: 'property describe should not exist', code: 'UNKNOWN_PROPERTY' },
      {
        path: 'inner.part.describe',
        message: 'property describe should not exist',
        code: 'UNKNOWN_PROPERTY',
      },
    ]);
  });

  it('is refused when it is the tag of the message itself', () => {
    expect(refusal({ $type: 'clientData.note' })).toEqual([
      { path: '$type', message: 'property $type should not exist', code: 'UNKNOWN_PROPERTY' },
    ]);
  });

  it('counts with at most twenty places', () => {
    expect(refusal({ parts: Array.from({ length: 50 }, () => ({ n: 1, toString: 1 })) })).toHaveLength(20);
  });

  it.each([
    ['a number', { $set: [1, 1, 1] }, 3],
    ['a bigint', { $set: [{ $bigint: '5' }, { $bigint: '05' }] }, 2],
    ['a number with a tag', { $set: [{ $number: 'NaN' }, { $number: 'NaN' }] }, 2],
  ])('is refused in a set behind %s that stands there twice', (_, set, index) => {
    const items = [...set.$set, { $type: 'clientData.part', n: 1, describe: 1 }];

    expect(refusal({ any: { $set: items } })).toEqual([
      {
        path: `any.$set.${index}.describe`,
        message: 'property describe should not exist',
        code: 'UNKNOWN_PROPERTY',
      },
    ]);
  });

  it('is refused in a map behind a key that stands there twice', () => {
    const part = { $type: 'clientData.part', n: 1 };
    const entries = [
      ['a', part],
      ['a', part],
      ['b', { ...part, describe: 1 }],
    ];

    expect(refusal({ any: { $map: entries } })).toEqual([
      {
        path: 'any.$map.2.1.describe',
        message: 'property describe should not exist',
        code: 'UNKNOWN_PROPERTY',
      },
    ]);
  });

  it('is refused in a property that has another name in data', () => {
    expect(refusal({ wired: { n: 1, describe: 1 } }, Named)).toEqual([
      { path: 'wired.describe', message: 'property describe should not exist', code: 'UNKNOWN_PROPERTY' },
    ]);
    expect(refusal({ wired: { n: 1 } }, Named)).toBeUndefined();
  });

  it('is refused before an instance is made', () => {
    constructed.length = 0;
    const made = Array.from({ length: 500 }, () => ({ n: 1, toString: 1 }));

    expect(refusal({ made }, Maker)).toHaveLength(20);
    // One instance is made, up to the first unsupported key.
    expect(constructed.length).toBeLessThanOrEqual(1);
  });

  it('is left alone where it is a key of a map', () => {
    expect(refusal({ byKey: { describe: { n: 1 } } }, Mapped)).toBeUndefined();
  });

  it('is left alone in objects of no class, and where a decorator tells of it', () => {
    expect(refusal({ any: { toString: 1, a: { valueOf: 1 } } })).toBeUndefined();
    expect(refusal({ inner: { valueOf: 'x' }, twice: 5 })).toBeUndefined();
  });
});
