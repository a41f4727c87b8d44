import 'reflect-metadata';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { Type } from 'class-transformer';
import { CodedError } from '../error/coded-error.js';
import { decodeCompiled, nativeProperties } from '../compiled.js';
import type { Codec, FramePayload } from '../frame/codec.js';
import { FrameFault } from '../frame/frame-fault.js';
import { JSON_SUBPROTOCOL, type ClientMessageFrame } from '../frame/frame.js';
import { encodeMessage, JsonCodec } from '../frame/json-codec.js';
import { pack, unpack } from '../frame/pack.js';
import { DEFAULT_JSON_LIMITS } from '../limits.js';
import { create } from '../message/create.js';
import { decodeMessage } from '../message/decode-message.js';
import { StreamMessage } from '../message/stream-message.decorator.js';
import { messagePack } from '../message-pack.node.js';
import { decodeProperties, encodeProperties } from './wire-value.js';
import { seedOf } from '../../../../test/rig/seed.js';
import '../../../../test/rig/message-libraries.js';

fc.configureGlobal({ seed: seedOf('wire-value') });

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

/** Decodes the `data` of a frame as the peer does. */
type Wire = (message: object) => object;

const toServer: Record<string, Wire> = {
  JSON: (message) => {
    const { type, data } = encodeMessage(message);
    return dataOf(new JsonCodec(), `{"t":"message","id":1,"stream":"e","type":"${type}","data":${data}}`);
  },
  MessagePack: (message) => {
    const data = encodeProperties(message, messagePack.natives);
    const frame = { t: 'message', id: 1, stream: 'e', type: 'value.everything', data };
    return dataOf(messagePack.withLimits(DEFAULT_JSON_LIMITS), pack(frame));
  },
  'MessagePack with a server that has JSON alone': (message) => {
    const data = encodeProperties(message, messagePack.natives);
    const frame = { t: 'message', id: 1, stream: 'e', type: 'value.everything', data };
    return dataOf(new JsonCodec(), messagePack.encode(frame, JSON_SUBPROTOCOL));
  },
};

const toClient: Record<string, Wire> = {
  'JSON from the server': (message) =>
    (JSON.parse(new JsonCodec().encodeServerMessage('e', encodeMessage(message))) as { data: object }).data,
  'MessagePack from the server': (message) => {
    const codec = messagePack.withLimits(DEFAULT_JSON_LIMITS);
    return dataIn(codec.encodeServerMessage('e', encodeMessage(message)) as Uint8Array<ArrayBuffer>);
  },
};

toClient['MessagePack from the server, by compiled code'] = (message) => {
  const codec = messagePack.withLimits(DEFAULT_JSON_LIMITS);
  const data = nativeProperties(message, codec.natives!);
  if (!data) return toClient['MessagePack from the server']!(message);
  const frame = { t: 'message', stream: 'e', type: 'value.everything', data } as const;
  return dataIn(codec.encodeFrame(frame) as Uint8Array<ArrayBuffer>);
};

const WIRES = Object.entries({ ...toServer, ...toClient });

function dataIn(payload: Uint8Array<ArrayBuffer>): object {
  return (messagePack.decode(payload.slice().buffer) as { data: object }).data;
}

function dataOf(codec: Codec, payload: FramePayload): object {
  const frame = codec.decodeClientFrame(payload);
  if (frame instanceof FrameFault) throw frame;
  return (frame as ClientMessageFrame).data;
}

function throughTheWire(message: object, cls: typeof Everything, wire = toServer.JSON!): Everything {
  return decodeMessage(cls, wire(message));
}

const modes = ['without', 'with'].flatMap((mode) => WIRES.map(([name, wire]) => [name, mode, wire] as const));

describe.each(modes)('values in %s %s class-transformer', (_, mode, wire) => {
  beforeAll(async () => {
    if (mode === 'with') await import('../class-transformer.js');
  });

  it('carries every kind of value and brings it back as it was', () => {
    const back = throughTheWire(everything(), Everything, wire);

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

    wire(message);

    expect(message).toEqual(everything());
  });

  it('gives bytes a buffer of their own', () => {
    const { bytes } = throughTheWire(everything(), Everything, wire);

    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes.buffer.byteLength).toBe(4);
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
    // Servers refuse integers that may have lost precision.
    fc
      .double()
      .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 1e21),
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
        fc.string().filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
        tie('tree'),
        { maxKeys: 4, noNullPrototype: true },
      ),
      fc.uniqueArray(leaf, { maxLength: 3 }).map((items) => new Set(items)),
      fc.array(fc.tuple(fc.string(), tie('tree')), { maxLength: 3 }).map((entries) => new Map(entries)),
    ),
  }));

  it.each(WIRES)('are inverse for every tree of values in %s', (_, wire) => {
    fc.assert(
      fc.property(tree, (free) => {
        expect(decodeProperties(wire(create(Everything, { free }))).free).toEqual(free);
      }),
      { numRuns: 300 },
    );
  });

  it.each(WIRES)('make the same instances by compiled code of what comes in %s', (_, wire) => {
    fc.assert(
      fc.property(tree, tree, (free, other) => {
        const message = create(Everything, { free, at: other as never, author: free as never });
        const outcomes = [decodeMessage, decodeCompiled].map((decode) =>
          outcomeOf(() => decode(Everything, wire(message))),
        );

        expect(outcomes[1]).toEqual(outcomes[0]);
        expect(outcomes[1]).toEqual(outcomeOf(() => decodeMessage(Everything, toServer.JSON!(message))));
      }),
      { numRuns: 300 },
    );
  });

  it('takes a copy of what could change until it is sent', () => {
    const [at, bytes] = [new Date(5), new Uint8Array([1])];
    const data = encodeProperties({ at, bytes }, messagePack.natives);
    at.setTime(6);
    bytes[0] = 2;

    expect(data).toEqual({ at: new Date(5), bytes: new Uint8Array([1]) });
  });

  it('puts one sign in the place of half a surrogate pair in MessagePack, which is UTF-8', () => {
    const text = `a\ud800b${'\udfff'.repeat(60)}`;
    const mended = `a\ufffdb${'\ufffd'.repeat(60)}`;

    expect(toServer.MessagePack!(create(Everything, { free: text }))).toMatchObject({ free: mended });
    expect(toClient['MessagePack from the server']!(create(Everything, { free: [text] }))).toMatchObject({
      free: [mended],
    });
  });

  it('leave an unknown tag to the decoder of the message', () => {
    const codec = messagePack.withLimits(DEFAULT_JSON_LIMITS);
    const data =
      '{"a":{"$date":"x"},"b":{"$bytes":"?"},"c":{"$number":"5"},"$date":"2026-11-23T10:00:00.000Z"}';

    expect(unpack(codec.encodePublication('c', { type: 't', data }) as Uint8Array)).toMatchObject({
      data: JSON.parse(data) as object,
    });
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

/** Returns the result or error as text, because invalid dates do not equal each other. */
function outcomeOf(run: () => unknown): string {
  try {
    return inspect(run(), { depth: Infinity, maxArrayLength: null, maxStringLength: null });
  } catch (error) {
    const { code, details } = error as CodedError;
    return inspect({ code, details }, { depth: Infinity });
  }
}
