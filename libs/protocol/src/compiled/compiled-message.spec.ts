import { Transform } from '../class-transformer.js';
import { encodeMessage } from '../frame/json-codec.js';
import { decodeMessage } from '../message/decode-message.js';
import { StreamMessage } from '../message/stream-message.decorator.js';
import { decodeCompiled, encodingOf, rememberEncoding } from './compiled-message.js';
import '../../../../test/rig/message-libraries.js';

@StreamMessage('compiled.note')
class Note {
  declare readonly $type: 'compiled.note';
  text: unknown = 'x';
}

@StreamMessage('compiled.transformed')
class Transformed {
  declare readonly $type: 'compiled.transformed';
  @Transform(({ value }: { value: unknown }) => [value]) text?: unknown;
}

@StreamMessage('compiled.failing')
class Failing {
  declare readonly $type: 'compiled.failing';
  constructor() {
    throw new TypeError('not now');
  }
}

describe('decodeCompiled()', () => {
  it('makes what the libraries make where it does not understand', () => {
    const sets = { text: { $set: [1n.toString()] } };

    expect(decodeCompiled(Note, sets)).toEqual(decodeMessage(Note, sets));
    expect(decodeCompiled(Transformed, { text: 'x' })).toEqual(decodeMessage(Transformed, { text: 'x' }));
  });

  it.each([
    ['a bad tag', Note, { text: { $date: 'no' } }, 'text'],
    ['a bad tag in a tree', Note, { text: [{ a: { $x: 1 } }] }, 'text.0.a'],
    ['a reserved name', Note, JSON.parse('{"__proto__":1}'), '__proto__'],
    ['a constructor that fails', Failing, {}, ''],
    ['no data', Note, null, ''],
  ])('refuses %s as the libraries do', (_, cls, data: object, path) => {
    const refused = expect.objectContaining({
      code: 'INVALID_MESSAGE',
      details: [expect.objectContaining({ path })],
    });
    expect(() => decodeMessage(cls as never, data)).toThrow(refused);
    expect(() => decodeCompiled(cls as never, data)).toThrow(refused);
  });
});

describe('encodingOf()', () => {
  it('writes what the libraries write where it does not understand', () => {
    const note = Object.assign(new Note(), { text: new Set([1n]) });

    expect(encodingOf(note)).toEqual(encodeMessage(note));
  });

  it('refuses what is no message, and what cannot travel', () => {
    const secret = Object.assign(new Note(), { text: Promise.resolve() });

    expect(() => encodingOf({ text: 'x' })).toThrow(expect.objectContaining({ code: 'NOT_A_MESSAGE' }));
    expect(() => encodingOf(Object.create(null) as object)).toThrow(
      expect.objectContaining({ code: 'NOT_A_MESSAGE' }),
    );
    expect(() => encodingOf(secret)).toThrow(expect.objectContaining({ code: 'NOT_ENCODABLE' }));
  });

  it('encodes nothing twice that is remembered', () => {
    const note = Object.freeze(new Note());
    const encoded = encodeMessage(note);

    rememberEncoding(note, encoded);

    expect(encodingOf(note)).toBe(encoded);
    expect(encodingOf(new Note())).toEqual(encoded);
  });

  it('encodes a message again that was not remembered', () => {
    const note = new Note();
    encodingOf(note);
    note.text = 'y';

    expect(encodingOf(note).data).toBe('{"text":"y"}');
  });
});
