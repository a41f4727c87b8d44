import {
  CodedError,
  create,
  defineMessage,
  StreamMessage,
  type Message,
  type MessageClass,
} from '@nestwire/protocol';
import { encodeMessage } from '@nestwire/protocol/codec';
import { type } from 'arktype';
import { IsOptional, IsString, ValidateNested } from 'class-validator';
import * as v from 'valibot';
import { z } from 'zod';
import { declaredClassOf } from '../endpoint/endpoint-metadata.js';
import { MessageReaders } from './message-reader.js';
import { isRefusal, laterMsOf } from './refusal.js';
import '../../../../test/rig/message-libraries.js';

const OfZod = defineMessage(
  'schema-reader.zod',
  z.strictObject({
    text: z.string().max(5),
    at: z.date().optional(),
    amounts: z.array(z.object({ cents: z.bigint() })).default([]),
  }),
);
const OfValibot = defineMessage(
  'schema-reader.valibot',
  v.strictObject({
    text: v.pipe(v.string(), v.maxLength(5)),
    at: v.optional(v.date()),
    amounts: v.optional(v.array(v.object({ cents: v.bigint() })), () => []),
  }),
);
const OfArktype = defineMessage(
  'schema-reader.arktype',
  type({
    '+': 'reject',
    text: 'string <= 5',
    'at?': 'Date',
    amounts: type({ cents: 'bigint' })
      .array()
      .default(() => []),
  }),
);
const OfAsyncZod = defineMessage(
  'schema-reader.async-zod',
  z.object({ name: z.string().refine(isFree, 'is taken') }),
);
const OfAsyncValibot = defineMessage(
  'schema-reader.async-valibot',
  v.objectAsync({ name: v.pipeAsync(v.string(), v.checkAsync(isFree, 'is taken')) }),
);
const Loose = defineMessage('schema-reader.loose', z.looseObject({ any: z.unknown() }));
const Elsewhere = defineMessage('schema-reader.elsewhere', z.object({}));

async function isFree(name: string): Promise<boolean> {
  await Promise.resolve();
  if (name === 'crash') throw new Error('the database is down');
  if (name === 'coded') throw new CodedError('QUOTA', 'No names are left.');
  return name !== 'taken';
}

const readers = new MessageReaders(declaredClassOf as never);

function read(cls: unknown, data: object): Message | Promise<Message> {
  return readers.of(cls as MessageClass)(data);
}

function refusal(cls: unknown, data: object): CodedError {
  try {
    void read(cls, data);
  } catch (error) {
    return error as CodedError;
  }
  throw new Error('This was expected to fail.');
}

async function laterRefusal(cls: unknown, data: object): Promise<CodedError> {
  return Promise.resolve(read(cls, data)).then(
    () => {
      throw new Error('This was expected to fail.');
    },
    (error: unknown) => error as CodedError,
  );
}

function dataOf(message: object): object {
  return JSON.parse(encodeMessage(message).data) as object;
}

describe.each([
  ['zod', OfZod],
  ['valibot', OfValibot],
  ['arktype', OfArktype],
])('The reader of a message of %s', (_, definition) => {
  // The three definitions have the same types, except for their names.
  const Order = definition as typeof OfZod;

  it('makes an instance from what encodeMessage wrote', () => {
    const sent = create(Order, { text: 'hi', at: new Date(5), amounts: [{ cents: 2n ** 70n }] });
    const received = read(Order, dataOf(sent));

    expect(received).toBeInstanceOf(Order);
    expect(received).toEqual(sent);
    expect(Object.keys(received)).not.toContain('$type');
  });

  it('applies the defaults of the schema', () => {
    expect(read(Order, { text: 'hi' })).toMatchObject({ text: 'hi', amounts: [] });
  });

  it('refuses what the schema refuses, with its paths and texts', () => {
    const error = refusal(Order, { text: 'too long', amounts: [{ cents: { $bigint: '1' } }, { cents: 1 }] });
    const paths = error.details!.map(({ path }) => path).toSorted();

    expect(error.code).toBe('INVALID_MESSAGE');
    expect(error.message).toMatch(/^The message is not valid: .*(5|bigint)/);
    expect(paths).toEqual(['amounts.1.cents', 'text']);
  });

  it('refuses unknown properties where the schema does', () => {
    expect(refusal(Order, { text: 'hi', more: 1 })).toMatchObject({ code: 'INVALID_MESSAGE' });
  });

  it('names at most 20 places, and shortens long names and texts', () => {
    const long = 'x'.repeat(5_000);
    const error = refusal(Order, {
      text: 'hi',
      amounts: Array.from({ length: 50 }, () => ({ cents: 1 })),
      [long]: 1,
    });

    expect(error.details!.length).toBeGreaterThan(0);
    expect(error.details!.length).toBeLessThanOrEqual(20);
    for (const { path, message } of error.details!) {
      expect(path.length).toBeLessThanOrEqual(128);
      expect(message.length).toBeLessThanOrEqual(300);
    }
  });

  it.each([
    ['a discriminant', { text: 'hi', $type: 'schema-reader.zod' }, '$type'],
    ['a key of every object', { text: 'hi', constructor: 1 }, 'constructor'],
    ['a prototype', JSON.parse('{"text":"hi","__proto__":{}}') as object, '__proto__'],
    ['a class that is not accepted', { text: { $type: 'schema-reader.elsewhere' } }, 'text'],
    ['a bad tag', { text: 'hi', at: { $date: 'yesterday' } }, 'at'],
  ])('refuses %s', (_what, data, path) => {
    expect(refusal(Order, data)).toMatchObject({ code: 'INVALID_MESSAGE', details: [{ path }] });
  });
});

describe('The reader of a message of a schema', () => {
  it('is synchronous for a synchronous schema', () => {
    expect(read(OfZod, { text: 'hi' })).not.toBeInstanceOf(Promise);
  });

  it('charges a refusal of the schema to the client', () => {
    const error = refusal(OfZod, { text: 1 });

    expect(isRefusal(error)).toBe(true);
    expect(laterMsOf(error)).toBe(0);
  });

  it('gives the schema plain properties, also with nested messages', () => {
    const Inner = defineMessage('schema-reader.inner', z.object({ a: z.number() }));
    const Outer = defineMessage(
      'schema-reader.outer',
      z.record(z.string(), z.instanceof(Inner as never as new () => { a: number })),
    );
    readers.of(Inner as MessageClass);
    const sent = create(Outer, { one: create(Inner, { a: 1 }) });

    expect(read(Outer, dataOf(sent))).toEqual(sent);
    expect((read(Outer, dataOf(sent)) as never as { one: object }).one).toBeInstanceOf(Inner);
  });

  it('leaves the discriminant on the prototype when a schema returns another one', () => {
    const Retyped = defineMessage(
      'schema-reader.retyped',
      z.object({ a: z.number() }).transform((value) => ({ ...value, $type: 'other' }) as { a: number }),
    );

    expect((read(Retyped, { a: 1 }) as Message).$type).toBe('schema-reader.retyped');
  });

  it('keeps the text of an error that a schema throws to itself', () => {
    const Thrower = defineMessage(
      'schema-reader.thrower',
      v.pipe(
        v.object({ a: v.string() }),
        v.check(() => {
          throw new Error('password=secret');
        }),
      ),
    );
    const error = refusal(Thrower, { a: '' });

    expect(error).toMatchObject({ code: 'INVALID_MESSAGE', details: [] });
    expect(error.message).not.toContain('secret');
    expect(isRefusal(error)).toBe(true);
  });

  it('refuses a value of a schema that is no object', () => {
    const Listed = defineMessage(
      'schema-reader.listed',
      z.object({ a: z.string() }).transform((): { a: string } => [] as never),
    );

    expect(refusal(Listed, { a: '' })).toMatchObject({ code: 'INVALID_MESSAGE', details: [] });
  });

  it('refuses issues whose paths cannot be read', () => {
    const Keyed = defineMessage('schema-reader.keyed', v.object({ map: v.map(v.any(), v.number()) }));
    const data = { map: { $map: [[{ toString: 1, valueOf: 1 }, 'no number']] } };

    expect(refusal(Keyed, data)).toMatchObject({ code: 'INVALID_MESSAGE', details: [] });
  });

  it.each([
    ['zod', OfAsyncZod],
    ['valibot', OfAsyncValibot],
  ])('waits for an asynchronous schema of %s', async (_, Named) => {
    expect(read(Named, { name: 'free' })).toBeInstanceOf(Promise);
    await expect(read(Named, { name: 'free' })).resolves.toBeInstanceOf(Named);

    const taken = await laterRefusal(Named, { name: 'taken' });
    expect(taken).toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ path: 'name', message: 'is taken' }],
    });
    expect(isRefusal(taken)).toBe(true);
    expect(laterMsOf(taken)).toBeGreaterThan(0);
  });

  it('shows only coded errors of an asynchronous schema', async () => {
    // zod drops the promise of its first, synchronous attempt; a rejection of it would end this process.
    const Named = OfAsyncValibot;
    const crashed = await laterRefusal(Named, { name: 'crash' });
    expect(crashed).toMatchObject({ code: 'INVALID_MESSAGE', details: [] });
    expect(crashed.message).not.toContain('database');

    expect(await laterRefusal(Named, { name: 'coded' })).toMatchObject({
      code: 'QUOTA',
      message: 'No names are left.',
    });
  });

  it('decodes the tags of values that the schema does not know', () => {
    const sent = create(Loose, {
      any: new Map([[1, { a: 2n }]]),
      more: new Set([NaN]),
      bytes: new Uint8Array([1]),
    });

    expect(read(Loose, dataOf(sent))).toEqual(sent);
  });

  it('pollutes nothing', () => {
    for (const text of ['{"any":{"__proto__":{"admin":true}}}', '{"any":1,"__proto__":{"admin":true}}'])
      expect(refusal(Loose, JSON.parse(text) as object).code).toBe('INVALID_MESSAGE');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe('The reader of a class with decorators', () => {
  @StreamMessage('schema-reader.holder')
  class Holder {
    declare readonly $type: 'schema-reader.holder';
    @IsString() text!: string;
    @IsOptional() @ValidateNested() any?: unknown;
  }

  it('refuses a nested message of a schema, which nothing would validate', () => {
    readers.of(Elsewhere as MessageClass);

    expect(read(Holder, { text: 'x' })).toBeInstanceOf(Holder);
    expect(refusal(Holder, { text: 'x', any: { $type: 'schema-reader.elsewhere' } })).toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ path: 'any' }],
    });
  });
});
