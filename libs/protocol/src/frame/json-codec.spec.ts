import * as fc from 'fast-check';
import { DEFAULT_JSON_LIMITS } from '../limits.js';
import { StreamMessage } from '../message/stream-message.decorator.js';
import { FrameFault } from './frame-fault.js';
import { scanJson } from './json-scan.js';
import { encodeMessage, JsonCodec } from './json-codec.js';
import { seedOf } from '../../../../test/rig/seed.js';

fc.configureGlobal({ seed: seedOf('json.codec') });

const codec = new JsonCodec();
const message = '{"t":"message","id":7,"stream":"chat","type":"chat.message","data":{"text":"hi"}}';

@StreamMessage('codec.note')
class Note {
  declare readonly $type: 'codec.note';
  text = 'x';
}

describe('JsonCodec', () => {
  it.each([
    ['{', 'BAD_JSON'],
    ['nul', 'BAD_JSON'],
    ['', 'BAD_JSON'],
    ['{"t":"ping",}', 'BAD_JSON'],
    ['{"t":"ping","t":"pong"}', 'BAD_FRAME'],
    ['{"t":"ping","\\u0074":"pong"}', 'BAD_FRAME'],
    ['{"t":"ping","__proto__":{}}', 'BAD_FRAME'],
    ['{"t":"ping","x":[{"constructor":{"prototype":1}}]}', 'BAD_FRAME'],
    ['{"t":"ping","x":{"\\u005f_proto__":1}}', 'BAD_FRAME'],
    ['{"t":"ping","x":[1e400]}', 'INVALID_MESSAGE'],
    ['{"t":"ping","x":{"y":-9007199254740993}}', 'INVALID_MESSAGE'],
  ])('answers %s with %s', (text, code) => {
    expect(codec.decodeClientFrame(text)).toMatchObject({ code });
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((s) => message.replace('hi', s)),
        ),
        (text) => {
          codec.decodeClientFrame(text);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('writes a message around its text', () => {
    const note = new Note();

    expect(codec.encodeServerMessage('chat', encodeMessage(note))).toBe(
      '{"t":"message","stream":"chat","type":"codec.note","data":{"text":"x"}}',
    );
  });

  it('names the channel of a snapshot', () => {
    expect(codec.encodeServerMessage('chat', encodeMessage(new Note()), 'room:"1"')).toBe(
      '{"t":"message","stream":"chat","channel":"room:\\"1\\"","type":"codec.note","data":{"text":"x"}}',
    );
  });

  it('refuses what is not a message', () => {
    expect(() => encodeMessage({ text: 'x' })).toThrow(expect.objectContaining({ code: 'NOT_A_MESSAGE' }));
    expect(() => encodeMessage(null as never)).toThrow(expect.objectContaining({ code: 'NOT_A_MESSAGE' }));
    expect(() => encodeMessage(new (class extends Note {})())).toThrow(/has no @StreamMessage/);
  });
});

describe('scanJson', () => {
  it('counts what JSON.parse would build', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(0, 2), (value, indent) => {
        const { depth, nodes, items } = measure(value);
        const text = JSON.stringify({ value }, null, indent);
        const limits = { maxDepth: depth, maxNodes: nodes, maxKeys: 1_000, maxItems: items };
        const tight = [
          { ...limits, maxDepth: depth - 1 },
          { ...limits, maxNodes: nodes - 1 },
          ...(items ? [{ ...limits, maxItems: items - 1 }] : []),
        ];

        expect(ignoreNames(scanJson(text, limits))).toBeUndefined();
        for (const limit of tight) expect(scanJson(text, limit)).toBeInstanceOf(FrameFault);
      }),
      { numRuns: 1_000 },
    );
  });

  it('holds the limits of a frame at their edges', () => {
    const nested = (depth: number) => '{"x":'.repeat(depth) + '1' + '}'.repeat(depth);
    const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":0`).join()}}`;

    expect(scanJson(nested(32), DEFAULT_JSON_LIMITS)).toBeUndefined();
    expect(scanJson(nested(33), DEFAULT_JSON_LIMITS)).toMatchObject({ code: 'TOO_COMPLEX' });
    expect(scanJson(keys(256), DEFAULT_JSON_LIMITS)).toBeUndefined();
    expect(scanJson(keys(257), DEFAULT_JSON_LIMITS)).toMatchObject({ code: 'TOO_COMPLEX' });
    expect(scanJson(`{"a":[${'{},'.repeat(2_000)}0]}`, DEFAULT_JSON_LIMITS)).toMatchObject({
      code: 'TOO_COMPLEX',
    });
    expect(scanJson(`{"a":[${'0,'.repeat(9_999)}0]}`, DEFAULT_JSON_LIMITS)).toBeUndefined();
    expect(scanJson(`{"a":[${'0,'.repeat(9_999)}0,[ ],[0]]}`, DEFAULT_JSON_LIMITS)).toMatchObject({
      code: 'TOO_COMPLEX',
      message: 'The frame contains more than 10000 array items.',
    });
  });

  it.each(['9007199254740993.0', '9007199254740993e0', '9.007199254740993e15', '1e400', '9007199254740993'])(
    'refuses a whole number that a double cannot hold, however it is written: %s',
    (number) => {
      expect(scanJson(`{"a":{"b":${number}}}`, DEFAULT_JSON_LIMITS)).toMatchObject({
        code: 'INVALID_MESSAGE',
      });
    },
  );

  it.each(['1e21', '1.5', '9007199254740991.0', '-0.0', '1e3'])('takes other numbers: %s', (number) => {
    expect(scanJson(`{"a":{"b":${number}}}`, DEFAULT_JSON_LIMITS)).toBeUndefined();
  });

  it('knows the tag of a set that is written with an escape', () => {
    const set = (count: number): string => `{"a":{"\\u0024set" : [${Array(count).fill(0).join()}]}}`;

    expect(scanJson(set(256), DEFAULT_JSON_LIMITS)).toBeUndefined();
    expect(scanJson(set(257), DEFAULT_JSON_LIMITS)).toMatchObject({ code: 'TOO_COMPLEX' });
  });

  it('leaves strings that look like structure alone', () => {
    expect(
      scanJson(JSON.stringify({ a: '{"__proto__":[[[', b: '\\"constructor":1' }), DEFAULT_JSON_LIMITS),
    ).toBeUndefined();
  });
});

function ignoreNames(fault: FrameFault | undefined): FrameFault | undefined {
  return fault && (fault.code === 'BAD_FRAME' || fault.code === 'INVALID_MESSAGE') ? undefined : fault;
}

function measure(value: unknown): { depth: number; nodes: number; items: number } {
  let nodes = 0;
  let items = 0;
  const walk = (node: unknown): number => {
    if (typeof node !== 'object' || node === null) return 0;
    nodes++;
    if (Array.isArray(node)) items += node.length;
    else nodes += Object.keys(node).length;
    return 1 + Math.max(0, ...Object.values(node).map(walk));
  };
  const depth = walk({ value });
  return { depth, nodes, items };
}
