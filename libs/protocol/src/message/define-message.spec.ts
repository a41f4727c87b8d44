import { encodeMessage } from '@nestwire/protocol/codec';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import { CodedError } from '../error/coded-error.js';
import { create } from './create.js';
import { decodeMessage } from './decode-message.js';
import { createAsync, defineMessage } from './define-message.js';
import { messageClassNamed, messageNameOf } from './message-registry.js';

const OfZod = defineMessage(
  'define.zod',
  z.object({ text: z.string().max(5), tags: z.array(z.string()).default([]) }),
);
const OfValibot = defineMessage(
  'define.valibot',
  v.object({
    text: v.pipe(v.string(), v.maxLength(5)),
    tags: v.optional(v.array(v.string()), () => []),
  }),
);
const OfArktype = defineMessage(
  'define.arktype',
  type({ text: 'string <= 5', tags: type('string[]').default(() => []) }),
);
const Later = defineMessage(
  'define.later',
  z.object({
    name: z.string().refine(async (name) => (await Promise.resolve(name)) !== 'taken', 'is taken'),
  }),
);

function errorOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

describe.each([
  ['zod', OfZod],
  ['valibot', OfValibot],
  ['arktype', OfArktype],
])('A message of %s', (_, definition) => {
  // The three definitions have the same types, except for their names.
  const Say = definition as typeof OfZod;

  it('is an instance with the discriminant on the prototype', () => {
    const message = create(Say, { text: 'hi' });

    expect(message).toBeInstanceOf(Say);
    expect(message.$type).toBe(Say.messageName);
    expect(Object.keys(message).sort()).toEqual(['tags', 'text']);
  });

  it('has the defaults of the schema on the sender', () => {
    expect(create(Say, { text: 'hi' }).tags).toEqual([]);
    expect(new Say({ text: 'hi' }).tags).toEqual([]);
  });

  it('is refused with the paths and texts of the schema', () => {
    const error = errorOf(() => create(Say, { text: 'too long', tags: [1 as never] })) as CodedError;

    expect(error).toBeInstanceOf(CodedError);
    expect(error.code).toBe('INVALID_MESSAGE');
    expect(error.message).toMatch(
      new RegExp(`^"${Say.messageName}" is not valid: (text|tags.0): .*5|string`),
    );
    expect(error.details!.map(({ path }) => path).sort()).toEqual(['tags.0', 'text']);
    for (const { message } of error.details!) expect(message).toMatch(/5|string/);
  });

  it('names at most 20 places', () => {
    const tags = Array.from({ length: 50 }, () => 1 as never);
    const error = errorOf(() => create(Say, { text: 'hi', tags })) as CodedError;

    expect(error.details).toHaveLength(20);
  });

  it('is registered, encoded and decoded like a class', () => {
    const encoded = encodeMessage(create(Say, { text: 'hi', tags: ['a'] }));

    expect(messageClassNamed(Say.messageName)).toBe(Say);
    expect(messageNameOf(Say)).toBe(Say.messageName);
    expect(encoded).toEqual({ type: Say.messageName, data: expect.any(String) });
    expect(JSON.parse(encoded.data)).toEqual({ text: 'hi', tags: ['a'] });
    expect(decodeMessage(Say as never, JSON.parse(encoded.data) as object)).toEqual(
      create(Say, { text: 'hi', tags: ['a'] }),
    );
  });

  it('is decoded without its schema', () => {
    expect(decodeMessage(Say as never, { text: 'longer than 5' })).toMatchObject({ text: 'longer than 5' });
  });

  it('is copied with changes', () => {
    const message = create(Say, { text: 'hi', tags: ['a'] });

    expect(create(Say, { ...message, text: 'ho' })).toEqual(create(Say, { text: 'ho', tags: ['a'] }));
    expect(Object.keys(create(Say, { text: 'hi', $type: 'another' }))).not.toContain('$type');
  });

  it('is made by createAsync as well', async () => {
    expect(await createAsync(Say, { text: 'hi' })).toEqual(create(Say, { text: 'hi' }));
    await expect(createAsync(Say, { text: 'too long' })).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ path: 'text' }],
    });
  });
});

describe('A message of an asynchronous schema', () => {
  it('is made by createAsync', async () => {
    const message = await createAsync(Later, { name: 'free' });

    expect(message).toBeInstanceOf(Later);
    expect(message.name).toBe('free');
  });

  it('is refused by createAsync', async () => {
    await expect(createAsync(Later, { name: 'taken' })).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ path: 'name', message: 'is taken' }],
    });
  });

  it('is not made by create, which names createAsync and leaves no rejection behind', async () => {
    const broken = defineMessage('define.broken', {
      '~standard': {
        version: 1,
        vendor: 'test',
        types: undefined as { input: { a: string }; output: { a: string } } | undefined,
        validate: async () => Promise.reject(new Error('not awaited')),
      },
    });

    expect(() => create(Later, { name: 'free' })).toThrow(
      new TypeError('The schema of "define.later" returns a promise: use createAsync().'),
    );
    // An unhandled rejection would end this process.
    expect(() => create(broken, { a: '' })).toThrow(/use createAsync/);
    await new Promise(setImmediate);
  });
});

describe('defineMessage()', () => {
  const standard = { version: 1, vendor: 'test', validate: () => ({ value: {} }) };

  it.each([
    ['nothing', undefined, /has no "~standard" property/],
    ['an object that is no schema', { parse: () => ({}) }, /has no "~standard" property/],
    ['another version', { '~standard': { ...standard, version: 2 } }, /has version 2 of Standard Schema/],
    ['no validate()', { '~standard': { ...standard, validate: undefined } }, /has no validate\(\)/],
  ])('refuses a schema with %s', (_, schema, text) => {
    const define = (): unknown => defineMessage('define.bad', schema as never);

    expect(define).toThrow(TypeError);
    expect(define).toThrow(/^defineMessage\("define\.bad"\): the schema cannot be used: /);
    expect(define).toThrow(text);
    expect(messageClassNamed('define.bad')).toBeUndefined();
  });

  it.each(['', 'x'.repeat(129)])('refuses the name "%s"', (name) => {
    expect(() => defineMessage(name, z.object({}))).toThrow(/1 to 128 characters/);
  });

  it('names the class after the message', () => {
    expect((OfZod as unknown as { name: string }).name).toBe('define.zod');
  });

  it('refuses a value of the schema that is no ordinary object', () => {
    const Dated = defineMessage(
      'define.dated',
      z.object({ at: z.date() }).transform((): { at: Date } => new Date(0) as never),
    );

    expect(() => create(Dated, { at: new Date(0) })).toThrow(
      'The schema of "define.dated" returns [object Date] instead of an object.',
    );
  });

  it('describes an error that belongs to no field', () => {
    const Pair = defineMessage(
      'define.pair',
      z.object({ a: z.number(), b: z.number() }).refine(({ a, b }) => a < b, 'a must be below b'),
    );

    expect(() => create(Pair, { a: 2, b: 1 })).toThrow('"define.pair" is not valid: a must be below b.');
  });

  it('passes on what a schema throws', async () => {
    const fail = (): never => {
      throw new RangeError('of the application');
    };
    const OfValibot = defineMessage('define.thrower', v.pipe(v.object({ a: v.string() }), v.check(fail)));
    // zod calls a schema that has thrown again, asynchronously.
    const OfZod = defineMessage('define.zod-thrower', z.object({ a: z.string() }).refine(fail));

    expect(() => create(OfValibot, { a: '' })).toThrow(RangeError);
    expect(() => create(OfZod, { a: '' })).toThrow(/use createAsync/);
    await expect(createAsync(OfZod, { a: '' })).rejects.toThrow(RangeError);
  });
});
