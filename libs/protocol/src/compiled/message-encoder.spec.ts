import { Transform, Type } from '../class-transformer.js';
import { encodeMessage } from '../frame/json-codec.js';
import { StreamMessage } from '../message/stream-message.decorator.js';
import { writeProperties } from './message-encoder.js';
import '../../../../test/rig/message-libraries.js';

class Author {
  [key: string]: unknown;
}

class ChildOfAuthor extends Author {}

@StreamMessage('encoder.tagged')
class Tagged {
  declare readonly $type: 'encoder.tagged';
  [key: string]: unknown;
}

class Thenable {
  n = 1;
  then(): void {}
}

class WithToJson {
  toJSON(): string {
    return 'x';
  }
}

class WithTag {
  get [Symbol.toStringTag](): string {
    return 'WithTag';
  }
}

class Transformed {
  @Transform(() => 5) a = 1;
}

class OtherDate extends Date {
  override valueOf(): number {
    return 5;
  }
}

@StreamMessage('encoder.note')
class Note {
  declare readonly $type: 'encoder.note';
  [key: string]: unknown;
  @Type(() => Date) at?: unknown;
  @Type(() => Author) author?: unknown;
  @Type(() => String) text?: unknown;
}

function note(properties: object): Note {
  return Object.assign(new Note(), properties);
}

function deep(depth: number): unknown {
  return depth ? [deep(depth - 1)] : 1;
}

const DATE = new Date('2026-11-23T10:00:00.000Z');

describe('writeProperties()', () => {
  it.each([
    ['nothing', {}],
    ['texts', { a: '', b: 'x"\\\n\u0000\u001f\u007f\u2028', c: '\ud800', d: '😀é' }],
    ['numbers', { a: 0, b: -1.5, c: 1e21, d: 1e-7, e: 5e-324 }],
    ['big integers', { a: 0n, b: [10n ** 40n - 1n, -(10n ** 40n) + 1n] }],
    ['booleans and null', { a: true, b: false, c: null }],
    ['nothing that is undefined', { a: undefined, b: { c: undefined }, text: undefined }],
    ['dates', { a: DATE, at: DATE, b: new Date(-1), c: new Date(8.64e15), d: [DATE] }],
    ['lists', { a: [], b: [1, [2, ['x']], null], at: [DATE, null] }],
    ['plain objects', { a: {}, b: { c: { d: 1 }, 5: 'x', 'e"': 1, '': 1 } }],
    ['instances', { a: Object.assign(new Author(), { n: 1 }), b: new Author() }],
    ['nested messages', { a: Object.assign(new Tagged(), { n: 1, at: DATE }), b: [new Tagged()] }],
    ['typed values', { author: Object.assign(new Author(), { n: 1 }), text: 'x', at: null }],
    ['odd names', { 'a b': 1, 'é"\\': 2, '\ud800': 3, '': 4 }],
  ])('writes %s as the libraries do', (_, properties) => {
    const message = note(properties);

    expect(writeProperties(message)).toBe(encodeMessage(message).data);
  });

  it('writes bytes as the libraries do', () => {
    const message = note({ a: new Uint8Array([0, 255, 7]), list: [Buffer.from('x')] });

    expect(writeProperties(message)).toBe(encodeMessage(message).data);
  });

  it.each([
    ['NaN', { a: Number.NaN }],
    ['-0', { a: -0 }],
    ['a bigint of 41 digits', { a: 10n ** 40n }],
    ['a name that only classes have', { a: { prototype: 1 } }],
    ['a symbol', { a: Symbol.iterator }],
    ['a function', { a: () => 1 }],
    ['an undefined item', { a: [undefined] }],
    ['a hole', { a: Array(2) }],
    ['a map', { a: new Map() }],
    ['a set', { a: new Set() }],
    ['numbers of another width', { a: new Uint16Array(1) }],
    ['an error', { a: new Error('x') }],
    ['a boxed text', { a: Object('x') }],
    ['an invalid date', { a: new Date(Number.NaN) }],
    ['a date that writes itself', { a: Object.assign(new Date(), { toISOString: () => 'x' }) }],
    ['a date of another value', { a: new OtherDate() }],
    ['a tag for a name', { a: { $date: 1 } }],
    ['a tag for a name of its own', { $a: 1 }],
    ['a number for a name', { a: Object.assign(new Tagged(), { 5: 1 }) }],
    ['a name that every object has', { a: { toString: 1 } }],
    ['such a name of its own', { valueOf: 1 }],
    ['no prototype', { a: Object.create(null) }],
    ['a promise', { a: Promise.resolve(1) }],
    ['a promise for class-transformer', { a: new Thenable() }],
    ['toJSON()', { a: new WithToJson() }],
    ['a hidden state', { a: new WithTag() }],
    ['a @Transform', { a: new Transformed() }],
    ['a text where a date is typed', { at: '2026' }],
    ['a number where a text is typed', { text: 5 }],
    ['a plain object where a class is typed', { author: {} }],
    ['a class that extends the typed one', { author: new ChildOfAuthor() }],
    ['a tree that is too deep', { a: deep(40) }],
    ['a tag of its own', { [Symbol.toStringTag]: 'x' }],
  ])('leaves to the libraries what has %s', (_, properties) => {
    expect(writeProperties(note(properties))).toBeUndefined();
  });

  it('leaves a cycle to the libraries', () => {
    const message = note({});
    message.self = message;

    expect(writeProperties(message)).toBeUndefined();
  });

  it('leaves alone what it writes', () => {
    const message = Object.freeze(note({ a: Object.freeze([Object.freeze({ b: 1 })]), at: DATE }));

    expect(writeProperties(message)).toBe(encodeMessage(message).data);
  });

  it('writes a class with more names than it remembers', () => {
    const names = Array.from({ length: 600 }, (_, at) => [`name${at}`, at]);
    const message = note(Object.fromEntries(names));

    expect(writeProperties(message)).toBe(encodeMessage(message).data);
  });
});
