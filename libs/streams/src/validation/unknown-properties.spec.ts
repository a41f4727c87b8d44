import 'reflect-metadata';
import {
  CodedError,
  defineMessage,
  StreamMessage,
  type Message,
  type MessageClass,
} from '@nestwire/protocol';
import { type } from 'arktype';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsOptional, IsString, ValidateIf, ValidateNested } from 'class-validator';
import * as v from 'valibot';
import { z } from 'zod';
import { declaredClassOf } from '../endpoint/endpoint-metadata.js';
import { MessageReaders } from './message-reader.js';
import '../../../../test/rig/message-libraries.js';

class Item {
  @IsInt() cents!: number;
}

/** The fields of an order; the classes below differ in their options only. */
class Fields {
  @IsString() text!: string;
  @IsOptional() @ValidateNested() @Type(() => Item) item?: Item;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items: Item[] = [];
  @IsOptional() any?: Record<string, unknown>;
}

@StreamMessage('unknown.plain')
class Plain extends Fields {
  declare readonly $type: 'unknown.plain';
}

@StreamMessage('unknown.stripped', { unknownProperties: 'strip' })
class Stripped extends Fields {
  declare readonly $type: 'unknown.stripped';
}

@StreamMessage('unknown.refused', { unknownProperties: 'refuse' })
class Refused extends Fields {
  declare readonly $type: 'unknown.refused';
}

@StreamMessage('unknown.empty', { unknownProperties: 'strip' })
class Empty {
  declare readonly $type: 'unknown.empty';
}

/** A class without a compiled check, because of its condition. */
@StreamMessage('unknown.uncompiled', { unknownProperties: 'strip' })
class Uncompiled {
  declare readonly $type: 'unknown.uncompiled';
  @ValidateIf(() => true) @IsString() text!: string;
  size(): number {
    return 0;
  }
}

@StreamMessage('unknown.renamed', {
  version: 2,
  upcast: ({ owner, ...rest }) => ({ ...rest, text: owner }),
})
class Renamed extends Fields {
  declare readonly $type: 'unknown.renamed';
}

const DATA = { text: 'hi', item: { cents: 1 }, items: [{ cents: 2 }], any: { of: 'these' } };
const NEWER = {
  ...DATA,
  priority: 'high',
  item: { cents: 1, tax: 2 },
  items: [{ cents: 2, tax: { rate: 3 } }],
};

const refusing = new MessageReaders(declaredClassOf as never);
const stripping = new MessageReaders(declaredClassOf as never, 'strip');

function read(cls: unknown, data: object, readers = refusing): Message {
  return readers.of(cls as MessageClass)(JSON.parse(JSON.stringify(data)) as object) as Message;
}

function refusal(cls: unknown, data: object, readers = refusing): CodedError {
  try {
    void read(cls, data, readers);
  } catch (error) {
    return error as CodedError;
  }
  throw new Error('This was expected to fail.');
}

describe('Unknown properties', () => {
  it('are refused by default, and the error names the remedies', () => {
    const { code, message, details } = refusal(Plain, NEWER);

    expect(code).toBe('INVALID_MESSAGE');
    expect(message).toMatch(/Deploy the server first, .* or set "unknownProperties" to 'strip'\.$/);
    expect(details).toContainEqual({
      path: 'priority',
      message: 'property priority should not exist',
      code: 'UNKNOWN_PROPERTY',
    });
  });

  it('are removed at every level where the class says so', () => {
    expect(read(Stripped, NEWER)).toEqual(read(Stripped, DATA));
    expect(read(Stripped, NEWER).constructor).toBe(Stripped);
  });

  it('are removed where the module says so, unless the class refuses them', () => {
    expect(read(Plain, NEWER, stripping)).toEqual(read(Plain, DATA));
    expect(refusal(Refused, NEWER, stripping).code).toBe('INVALID_MESSAGE');
  });

  it('remain in objects without a class', () => {
    expect(read(Stripped, DATA)).toMatchObject({ any: { of: 'these' } });
  });

  it('are removed whatever their names', () => {
    for (const key of ['toString', 'valueOf', 'size', 'hasOwnProperty', '$type', '$any'])
      expect(read(Uncompiled, { text: 'a', [key]: 1 })).toEqual(read(Uncompiled, { text: 'a' }));
  });

  it('do not hide an invalid property', () => {
    const { details } = refusal(Stripped, { ...NEWER, item: { cents: 'one', tax: 2 } });

    expect(details).toEqual([{ path: 'item.cents', message: expect.stringContaining('integer') as string }]);
  });

  it('never name a class that is not accepted', () => {
    const error = refusal(Stripped, { ...DATA, other: { $type: 'unknown.empty' } });

    expect([error.code, error.details?.[0]?.path]).toEqual(['INVALID_MESSAGE', 'other']);
  });

  it('of a message without fields are removed', () => {
    expect(read(Empty, { any: 1 })).toEqual(new Empty());
  });

  it('are compared after the conversion of an earlier version', () => {
    expect(read(Renamed, { owner: 'hi' })).toMatchObject({ text: 'hi' });
    expect(refusal(Renamed, { $version: 2, text: 'hi', owner: 'hi' }).details).toMatchObject([
      { path: 'owner', code: 'UNKNOWN_PROPERTY' },
    ]);
    expect(refusal(Renamed, { owner: 'hi', also: 1 }).details).toMatchObject([{ path: 'also' }]);
    expect(refusal(Renamed, { $version: 3, text: 'hi' }).code).toBe('UNKNOWN_VERSION');
    expect(refusal(Empty, { $version: 3 }).code).toBe('UNKNOWN_VERSION');
  });
});

describe.each([
  ['zod', z.object({ text: z.string(), items: z.array(z.object({ cents: z.number() })) })],
  ['valibot', v.object({ text: v.string(), items: v.array(v.object({ cents: v.number() })) })],
  [
    'arktype',
    type({ '+': 'delete', text: 'string', items: type({ '+': 'delete', cents: 'number' }).array() }),
  ],
])('Unknown properties in a message of %s', (library, schema) => {
  const shape = schema as unknown as z.ZodObject;
  const OfModule = defineMessage(`unknown.schema.${library}`, shape);
  const OfMessage = defineMessage(`unknown.schema.${library}.strip`, shape, { unknownProperties: 'strip' });
  const data = { text: 'hi', items: [{ cents: 1 }] };
  const newer = { text: 'hi', priority: 'high', items: [{ cents: 1, tax: 2 }] };

  it('are refused where the schema removes them', () => {
    const error = refusal(OfModule, newer);

    expect(error.code).toBe('INVALID_MESSAGE');
    expect(error.message).toContain('unknownProperties');
    expect(error.details!.map(({ path, code }) => [path, code])).toEqual([
      ['priority', 'UNKNOWN_PROPERTY'],
      ['items.0.tax', 'UNKNOWN_PROPERTY'],
    ]);
  });

  it('are removed with the option, also with names of the prototype', () => {
    expect(read(OfMessage, newer)).toEqual(read(OfMessage, data));
    expect(read(OfModule, newer, stripping)).toEqual(read(OfModule, data));
    expect(read(OfMessage, { ...newer, toString: 1, constructor: 2 })).toEqual(read(OfMessage, data));
  });
});

describe('A schema', () => {
  it('that permits other properties retains them', () => {
    const Loose = defineMessage('unknown.loose', z.looseObject({ text: z.string() }));

    expect(read(Loose, { text: 'hi', more: [1, { of: 2 }] })).toMatchObject({ more: [1, { of: 2 }] });
  });

  it('that refuses other properties does so in spite of the option', () => {
    const Strict = defineMessage('unknown.strict', z.strictObject({ text: z.string() }), {
      unknownProperties: 'strip',
    });

    expect(refusal(Strict, { text: 'hi', more: 1 }).code).toBe('INVALID_MESSAGE');
  });

  it('that is asynchronous refuses what it removes', async () => {
    const Later = defineMessage('unknown.later', z.object({ text: z.string().refine(async () => true) }));
    const reading = Promise.resolve(read(Later, { text: 'hi', more: 1 }));

    await expect(reading).rejects.toMatchObject({ details: [{ path: 'more', code: 'UNKNOWN_PROPERTY' }] });
  });
});
