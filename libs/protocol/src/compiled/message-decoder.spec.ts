import { Transform, Type } from '../class-transformer.js';
import { decodeMessage } from '../message/decode-message.js';
import { StreamMessage } from '../message/stream-message.decorator.js';
import { decodeQuickly } from './compiled-message.js';
import { declareProperties, decoderOf } from './message-decoder.js';
import '../../../../test/rig/message-libraries.js';

class Author {
  name?: unknown;
  @Type(() => Date) born?: unknown;
}

@StreamMessage('decoder.tagged')
class Tagged {
  declare readonly $type: 'decoder.tagged';
  n?: unknown;
  author?: unknown;
}

@StreamMessage('decoder.defaulted')
class Defaulted {
  declare readonly $type: 'decoder.defaulted';
  @Type(() => Date) at: unknown = 5;
}

const state = { isFlipped: false };

@StreamMessage('decoder.note')
class Note {
  declare readonly $type: 'decoder.note';
  text: unknown = 'none';
  any?: unknown;
  @Type(() => Date) at?: unknown;
  @Type(() => Number) n?: unknown;
  @Type(() => Author) author?: unknown;
  @Type(() => Tagged) tagged?: unknown;
  @Type(() => Defaulted) defaulted?: unknown;
  @Type(() => (state.isFlipped ? Date : Author)) either?: unknown;
  run: unknown = () => 1;
  describe(): string {
    return String(this.text);
  }
  get length(): number {
    return 0;
  }
}

const DATE = { $date: '2026-11-23T10:00:00.000Z' };
const decode = decoderOf(Note);

function deep(depth: number): unknown {
  return depth ? { a: deep(depth - 1) } : 1;
}

/** Inspects an instance without its functions, which differ between instances. */
function facts(note: object): unknown {
  return [Object.getPrototypeOf(note), Object.keys(note), JSON.stringify(note)];
}

describe('decoderOf()', () => {
  it.each([
    [{}],
    [{ text: 'x', any: { a: [1, { b: null }] } }],
    [{ any: DATE, at: DATE }],
    [{ at: '2026-11-23', n: 5 }],
    [{ at: 'no date at all' }],
    [{ at: [DATE, '2026-11-23', null], n: [1, null] }],
    [{ at: null, n: null, author: null, either: null }],
    [{ author: { name: 'Ann', born: DATE } }],
    [{ author: [{ name: 'Ann' }, null] }],
    [{ either: { name: 'Ann' } }],
    [{ tagged: { $type: 'decoder.tagged', n: 1 } }],
    [{ tagged: { n: 1, author: { name: 'x' }, $type: 'decoder.tagged' } }],
    [{ defaulted: { at: DATE, $type: 'decoder.defaulted' } }],
    [{ any: { a: [DATE] } }],
    [{ any: { $set: [DATE, { a: { $number: 'NaN' } }] } }],
    [{ any: { $plain: { $a: { $map: [['k', { b: 1 }]] } } } }],
    [{ n: [[1], [null]], author: [[{ name: 'Ann', born: [DATE] }]] }],
  ])('makes of %j what the libraries make of it', (data) => {
    const made = decode(structuredClone(data));

    expect(made).toBeInstanceOf(Note);
    expect(facts(made!)).toEqual(facts(decodeMessage(Note, data)));
  });

  it.each([
    ['an unknown tag', { any: { $other: '5' } }],
    ['a malformed tag in a tree', { any: { a: [{ $bigint: 'x' }] } }],
    ['a date of more than four digits', { any: { $date: '+012026-11-23T10:00:00.000Z' } }],
    ['a malformed date', { at: { $date: 'no' } }],
    ['a day that is none', { any: { $date: '2026-13-23T10:00:00.000Z' } }],
    ['a date with more to it', { any: { ...DATE, a: 1 } }],
    ['a date in milliseconds', { at: 5 }],
    ['a text where a number is typed', { n: '5' }],
    ['a tagged object in a tree of tags', { any: { $set: [{ $type: 'decoder.tagged' }] } }],
    ['a text where an object is typed', { author: 'Ann' }],
    ['an untyped tagged object', { any: { $type: 'decoder.tagged' } }],
    ['another tagged object', { tagged: { $type: 'decoder.note' } }],
    ['a tagged object whose class fills something in', { defaulted: { $type: 'decoder.defaulted' } }],
    ['a name that the class has', { describe: 1 }],
    ['a name with a getter', { length: 1 }],
    ['a name of a function', { run: 1 }],
    ['a name that every object has', { toString: 1 }],
    ['"constructor"', { constructor: 1 }],
    ['"__proto__"', JSON.parse('{"__proto__":{}}')],
    ['such a name in a tree', { any: { a: { constructor: 1 } } }],
    ['its own tag', { $type: 'decoder.note' }],
    ['a tree that is too deep', { any: deep(40) }],
    ['a list', [1]],
    ['nothing', null],
  ])('leaves to the libraries what has %s', (_, data: object) => {
    expect(decodeQuickly(Note, data)).toBeUndefined();
  });

  it('leaves a property to the libraries when @Type changes its mind', () => {
    decode({ either: {} });
    state.isFlipped = true;

    expect(decode({ either: {} })).toBeUndefined();
    expect(decode({ text: 'x' })).toBeDefined();
    state.isFlipped = false;
  });

  it('leaves alone what it reads', () => {
    const data = Object.freeze({
      any: Object.freeze({ a: Object.freeze([1]) }),
      at: Object.freeze({ ...DATE }),
    });

    expect(decode(data)).toBeDefined();
  });

  it('compiles a class once', () => {
    expect(decoderOf(Note)).toBe(decode);
  });

  it('leaves a class with a @Transform to the libraries', () => {
    class Transformed {
      @Transform(() => 5) a?: unknown;
    }

    expect(decoderOf(Transformed)({ a: 1 })).toBeUndefined();
  });

  it('leaves a class whose constructor makes accessors to the libraries', () => {
    class Watched {
      constructor() {
        Object.defineProperty(this, 'a', { set: () => {}, enumerable: true });
      }
    }

    expect(decoderOf(Watched)({ b: 1 })).toBeUndefined();
  });

  it('leaves a class whose constructor makes something else to the libraries', () => {
    class Other {
      constructor() {
        return { a: 1 };
      }
    }

    expect(decoderOf(Other)({ b: 1 })).toBeUndefined();
  });

  it('leaves a tagged object to the libraries when its name is of another class by now', () => {
    @StreamMessage('decoder.twice')
    class First {
      declare readonly $type: 'decoder.twice';
    }
    class Holder {
      @Type(() => First) in?: unknown;
    }
    const data = { in: { $type: 'decoder.twice' } };

    expect(decoderOf(Holder)(data)).toBeDefined();
    StreamMessage('decoder.twice')(class {} as never);
    expect(decoderOf(Holder)(data)).toBeUndefined();
  });
});

describe('declareProperties()', () => {
  class Declared {
    text?: unknown;
    @Type(() => Date) at?: unknown;
    describe(): string {
      return String(this.text);
    }
  }
  declareProperties(Declared, ['text', 'at', 'describe', '$set', 'constructor']);
  const read = decoderOf(Declared);

  it('changes nothing of what is made', () => {
    const made = read({ text: 'a', at: DATE, other: 1 });

    expect(made).toEqual(Object.assign(new Declared(), { text: 'a', at: new Date(DATE.$date), other: 1 }));
    expect(made).toBeInstanceOf(Declared);
  });

  it.each(['describe', '$set', 'constructor', 'toString'])('makes no property of "%s"', (key) => {
    expect(read({ [key]: 1 })).toBeUndefined();
  });

  it('spares the search in the prototype, for these names alone', () => {
    const asked: unknown[] = [];
    const has = (target: object, key: string | symbol): boolean => {
      asked.push(key);
      return key in target;
    };
    const Watched = function (): void {} as unknown as new () => object;
    Object.assign(Watched, { prototype: new Proxy(Watched.prototype as object, { has }) });
    declareProperties(Watched, ['text']);
    const readWatched = decoderOf(Watched);
    asked.length = 0;
    readWatched({ text: 'a', other: 1 });

    expect(asked).toEqual(['other']);
  });
});
