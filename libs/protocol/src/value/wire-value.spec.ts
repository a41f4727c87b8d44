import 'reflect-metadata';
import * as fc from 'fast-check';
import { Type } from 'class-transformer';
import { CodedError } from '../error/coded-error.js';
import { encodeMessage, JsonCodec, clientMessageText } from '../frame/json.codec.js';
import { create } from '../message/create.js';
import { decodeMessage } from '../message/decode-message.js';
import { StreamMessage } from '../message/stream-message.decorator.js';
import { decodeProperties, encodeProperties } from './wire-value.js';

@StreamMessage('value.author')
class Author {
  declare readonly $type: 'value.author';
  name!: string;
  shout() {
    return this.name.toUpperCase();
  }
}

class Place {
  city!: string;
}

@StreamMessage('value.everything')
class Everything {
  declare readonly $type: 'value.everything';
  @Type(() => Author) author!: Author;
  @Type(() => Author) authors!: Author[];
  @Type(() => Place) place!: Place;
  @Type(() => Date) at!: Date;
  @Type(() => Place) places!: Map<string, Place>;
  counts!: Map<number, bigint>;
  tags!: Set<string>;
  bytes!: Uint8Array;
  big!: bigint;
  ratio!: number;
  nothing!: string | null;
  missing?: string;
  free!: unknown;
}

function everything(): Everything {
  const author = create(Author, { name: 'Ada' });
  return create(Everything, {
    author,
    authors: [author, create(Author, { name: 'Grace' })],
    place: Object.assign(new Place(), { city: 'Bern' }),
    at: new Date('2026-11-23T10:00:00.000Z'),
    places: new Map([['home', Object.assign(new Place(), { city: 'Basel' })]]),
    counts: new Map([[1, 2n]]),
    tags: new Set(['a', 'b']),
    bytes: new Uint8Array([0, 1, 254, 255]),
    big: -123456789012345678901234567890n,
    ratio: Number.NaN,
    nothing: null,
    free: { $date: 'not a tag', list: [new Date(5), [1n]], when: new Set([new Date(7)]) },
  });
}

function throughTheWire(message: object, cls: typeof Everything): Everything {
  const text = clientMessageText(1, 'e', encodeMessage(message));
  const frame = new JsonCodec().decodeClientFrame(text) as unknown as { data: object };
  return decodeMessage(cls as never, frame.data);
}

describe.each(['without', 'with'])('values on the wire %s class-transformer', (mode) => {
  beforeAll(async () => {
    if (mode === 'with') await import('../class-transformer.js');
  });

  it('carries every kind of value and brings it back as it was', () => {
    const back = throughTheWire(everything(), Everything);

    expect(back).toBeInstanceOf(Everything);
    expect(back.author).toBeInstanceOf(Author);
    expect(back.author.shout()).toBe('ADA');
    expect(back.authors[1]).toBeInstanceOf(Author);
    expect(back.at).toEqual(new Date('2026-11-23T10:00:00.000Z'));
    expect(back.counts).toEqual(new Map([[1, 2n]]));
    expect(back.tags).toEqual(new Set(['a', 'b']));
    expect(back.bytes).toEqual(new Uint8Array([0, 1, 254, 255]));
    expect(back.big).toBe(-123456789012345678901234567890n);
    expect(back.ratio).toBeNaN();
    expect(back.nothing).toBeNull();
    expect(back.missing).toBeUndefined();
    expect(back.free).toEqual(everything().free);
  });

  it('keeps the sender unchanged', () => {
    const message = everything();

    encodeMessage(message);

    expect(message).toEqual(everything());
  });
});

describe('values on the wire with class-transformer', () => {
  it('revives nested classes that are no messages', () => {
    const back = throughTheWire(everything(), Everything);

    expect(back.place).toBeInstanceOf(Place);
    expect(back.places.get('home')).toBeInstanceOf(Place);
  });

  it('takes the plain form where the class says what the property is', () => {
    const back = decodeMessage(Everything, { at: '2026-11-23T10:00:00.000Z', author: { name: 'Ada' } });

    expect(back.at).toEqual(new Date('2026-11-23T10:00:00.000Z'));
    expect(back.author).toBeInstanceOf(Author);
  });

  it('keeps map keys that class-transformer passes over', () => {
    const counts = new Map([['constructor', 1n]]) as never;

    expect(throughTheWire(create(Everything, { counts }), Everything).counts).toEqual(counts);
  });
});

describe('encodeProperties and decodeProperties', () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt({ min: -(10n ** 39n), max: 10n ** 39n }),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        tie('tree'),
        { maxKeys: 4, noNullPrototype: true },
      ),
      fc.uniqueArray(leaf, { maxLength: 3 }).map((items) => new Set(items)),
      fc.array(fc.tuple(fc.string(), tie('tree')), { maxLength: 3 }).map((entries) => new Map(entries)),
    ),
  }));

  it('are inverse for every tree of values', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const wire = JSON.parse(JSON.stringify(encodeProperties({ value }))) as object;
        expect(decodeProperties(wire).value).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['an invalid Date', new Date(Number.NaN)],
    ['a promise', Promise.resolve()],
    ['a regular expression', /x/],
    ['an error', new Error('x')],
    ['a typed array that is not bytes', new Float64Array(1)],
    ['a bigint of 41 digits', 10n ** 41n],
  ])('refuse to lose %s', (_, value) => {
    expect(() => encodeProperties({ deep: [value] })).toThrow(
      expect.objectContaining({
        code: 'NOT_ENCODABLE',
        details: [expect.objectContaining({ path: 'deep.0' })],
      }),
    );
  });

  it('refuse a cycle', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;

    expect(() => encodeProperties(cycle)).toThrow(CodedError);
  });

  it.each([
    [{ $date: 'yesterday' }],
    [{ $date: '2026-99-99T00:00:00Z' }],
    [{ $bigint: '1'.repeat(41) }],
    [{ $bigint: '1e5' }],
    [{ $bytes: 'not base64!' }],
    [{ $number: '5' }],
    [{ $set: {} }],
    [{ $map: [[1]] }],
    [{ $date: '2026-11-23T10:00:00Z', other: 1 }],
    [{ $unknown: 1 }],
    [{ $type: 'no.such.class' }],
  ])('refuse the malformed tag %j with its path', (tagged) => {
    expect(() => decodeProperties({ list: [{ at: tagged }] })).toThrow(
      expect.objectContaining({
        code: 'INVALID_MESSAGE',
        details: [expect.objectContaining({ path: 'list.0.at' })],
      }),
    );
  });
});
