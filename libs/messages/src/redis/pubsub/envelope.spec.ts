import { parseProperties } from '../../pubsub/message-text.js';
import { Envelope, type SizedMessage } from './envelope.js';

const [mine, theirs] = [new Envelope('mine', 1_000), new Envelope('theirs', 1_000)];

function sized(type: string, data: string): SizedMessage {
  return { type, data, bytes: Buffer.byteLength(data) };
}

function written(...messages: SizedMessage[]): Buffer {
  return Buffer.from(mine.write(messages));
}

describe('Envelope', () => {
  it('decodes the written messages in order', () => {
    const messages = [
      sized('a', '{}'),
      sized('"b\n', '{"text":"€ 💥"}'),
      sized('a', ''),
      sized('', '\n{"v":1}'),
    ];

    expect(theirs.open(written(...messages))).toEqual(messages);
  });

  it('decodes any texts', () => {
    const parts = [
      '{',
      '}',
      '"',
      '\n',
      '\r\n',
      '\\',
      '\0',
      'a',
      '€',
      '💥',
      '\u2028',
      '[["a",1]]',
      mine.write([]),
    ];
    const pick = (count: number) =>
      Array.from({ length: count }, () => parts[Math.floor(Math.random() * parts.length)]).join('');

    for (let round = 0; round < 500; round++) {
      const messages = Array.from({ length: 1 + (round % 7) }, () => sized(pick(2), pick(round % 20)));

      expect(theirs.open(written(...messages))).toEqual(messages);
    }
  });

  it('recognizes its own envelopes, whatever the messages contain', () => {
    expect(mine.isOwn(written(sized('a', '{}')))).toBe(true);
    expect(theirs.isOwn(written(sized('a', '{}')))).toBe(false);
    expect(theirs.isOwn(written(sized('a', theirs.write([sized('a', '{}')]))))).toBe(false);
    expect(mine.isOwn(Buffer.from(''))).toBe(false);
    expect(mine.isOwn(Buffer.from('{"v":1,"origin":"mine"'))).toBe(false);
  });

  it('keeps invalid UTF-8 from reaching into the next message', () => {
    const header = '{"v":1,"messages":[["a",2],["b",2]]}\n';
    const payload = Buffer.concat([Buffer.from(header), Buffer.from([0x7b, 0xf0]), Buffer.from('{}')]);

    expect(theirs.open(payload)).toEqual([
      { type: 'a', data: '{\ufffd', bytes: 2 },
      { type: 'b', data: '{}', bytes: 2 },
    ]);
  });

  it.each([
    ['a text that is longer than declared', '{"v":1,"messages":[["a",1]]}\n{}'],
    ['a text that is shorter than declared', '{"v":1,"messages":[["a",3]]}\n{}'],
    ['a negative size', '{"v":1,"messages":[["a",2],["a",-2],["a",2]]}\n{}'],
    ['fractional sizes', '{"v":1,"messages":[["a",0.5],["a",1.5]]}\n{}'],
    ['a size beyond the safe integers', '{"v":1,"messages":[["a",1e300]]}\n{}'],
    ['a size that is text', '{"v":1,"messages":[["a","2"]]}\n{}'],
    ['no type', '{"v":1,"messages":[[2]]}\n{}'],
    ['no messages', '{"v":1,"messages":[]}\n'],
    ['messages that are not a list', '{"v":1,"messages":{"length":1}}\n{}'],
    ['another version', '{"v":"1","messages":[["a",2]]}\n{}'],
    ['no line break', '{"v":1,"messages":[]}'],
    ['more bytes than an envelope may have', `{"v":1,"messages":[["a",2]]}\n{}${' '.repeat(400_000)}`],
  ])('refuses %s', (_name, text) => {
    expect(() => theirs.open(Buffer.from(text))).toThrow();
    expect(theirs.open(Buffer.from('{"v":1,"messages":[["a",2]]}\n{}'))).toHaveLength(1);
  });
});

describe('parseProperties', () => {
  it('accepts only an object', () => {
    expect(parseProperties('{"a":1}')).toEqual({ a: 1 });
    for (const text of ['[]', 'null', '1', '"a"', '', '{', '{}{}'])
      expect(() => parseProperties(text)).toThrow();
  });
});
