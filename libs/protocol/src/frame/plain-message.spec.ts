import * as fc from 'fast-check';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../limits.js';
import { guardClientFrame } from './frame-guard.js';
import { scanJson } from './json-scan.js';
import { readPlainMessage } from './plain-message.js';
import { seedOf } from '../../../../test/rig/seed.js';

fc.configureGlobal({ seed: seedOf('plain-message') });

const SMALL: JsonLimits = { maxDepth: 4, maxNodes: 16, maxKeys: 5, maxItems: 12 };

function frameText(data: unknown, fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ t: 'message', id: 5, stream: 'chat', type: 'chat.message', ...fields, data });
}

/** Decodes a text with the scan and the guard; undefined when they refuse it. */
function scanned(text: string, limits: JsonLimits): unknown {
  if (scanJson(text, limits)) return undefined;
  try {
    const frame = guardClientFrame(JSON.parse(text));
    return frame instanceof Error ? undefined : frame;
  } catch {
    return undefined;
  }
}

/** Returns true when reading without a scan gives the same frame as with one. */
function agrees(text: string, limits: JsonLimits, read = readPlainMessage): boolean {
  const frame = read(text, limits);
  return frame === undefined || JSON.stringify(frame) === JSON.stringify(scanned(text, limits));
}

const aKey = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('__proto__', 'constructor', 'prototype', '$date', 'a', 'b', 'toString'),
);
const aNumber = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.constantFrom(2 ** 53, -(2 ** 60), 1e300, -0));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), aNumber, fc.boolean(), fc.constant(null)),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(aKey, tie('tree'), { maxKeys: 6, noNullPrototype: true }),
  ),
}));
const aText = fc
  .tuple(
    fc.dictionary(aKey, tree, { maxKeys: 4 }),
    fc.integer({ min: -1, max: 2 ** 32 }),
    fc.string({ maxLength: 3 }),
  )
  .map(([data, id, type]) => frameText(data, { id, type }));

/** Texts with a part removed, inserted or repeated. */
const aMangledText = fc
  .tuple(
    aText,
    fc.nat(),
    fc.nat({ max: 6 }),
    fc.constantFrom('', '"', '{', '}', ',"id":7', '\\u0061', '1e999', '\n', ' '),
  )
  .map(([text, at, cut, put]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + put + text.slice(place + cut);
  });

describe('A message that is read without a scan of its text', () => {
  it('is what our client writes', () => {
    const text = frameText({
      text: 'hi "there"',
      list: [1, { a: null }],
      at: { $date: '2026-11-23T10:00:00.000Z' },
    });

    expect(readPlainMessage(text, DEFAULT_JSON_LIMITS)).toEqual(JSON.parse(text));
  });

  it.each([
    ['with its fields in another order', '{"t":"message","stream":"a","id":1,"type":"b","data":{}}'],
    ['with spaces', '{"t":"message", "id":1,"stream":"a","type":"b","data":{}}'],
    ['with a field behind its properties', '{"t":"message","id":1,"stream":"a","type":"b","data":{},"x":{}}'],
    ['with a field twice', '{"t":"message","id":1,"stream":"a","type":"b","data":{},"id":{}}'],
    ['whose properties are a list', '{"t":"message","id":1,"stream":"a","type":"b","data":[{}]}'],
    ['with an escape in a name', '{"t":"message","id":1,"stream":"\\u0061","type":"b","data":{}}'],
    ['with an id out of range', '{"t":"message","id":2147483648,"stream":"a","type":"b","data":{}}'],
    ['without an id', '{"t":"message","id":0,"stream":"a","type":"b","data":{}}'],
    ['with a reserved key', frameText(JSON.parse('{"a":{"__proto__":1}}'))],
    ['with a number out of range', frameText({ a: [2 ** 53] })],
    ['with an infinity', '{"t":"message","id":1,"stream":"a","type":"b","data":{"a":1e999}}'],
    ['that is long', frameText({ a: 'x'.repeat(8_192) })],
    ['that is cut', frameText({ a: 1 }).slice(0, -1)],
  ])('is none %s', (_, text) => {
    expect(readPlainMessage(text, DEFAULT_JSON_LIMITS)).toBeUndefined();
  });

  it.each([
    ['depth', { a: { b: { c: {} } } }, { a: { b: {} } }],
    ['nodes', { a: [[], [], [], [], [], [], [], [], []] }, { a: [[], [], []] }],
    ['keys', { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 }, { a: 1, b: 1, c: 1, d: 1, e: 1 }],
  ])('keeps the limit of %s', (_, above, within) => {
    expect(readPlainMessage(frameText(above), SMALL)).toBeUndefined();
    expect(readPlainMessage(frameText(within), SMALL)).toBeDefined();
  });

  it.each([
    ['as it is written', aText],
    ['mangled', aMangledText],
  ])('is never another than that of the scan, %s', (_, texts) => {
    let read = 0;
    fc.assert(
      fc.property(texts, fc.constantFrom(SMALL, DEFAULT_JSON_LIMITS), (text, limits) => {
        if (readPlainMessage(text, limits)) read++;
        return agrees(text, limits);
      }),
      { numRuns: 10_000 },
    );
    expect(read).toBeGreaterThan(50);
  });

  it('would be caught if it judged less', () => {
    const careless = (text: string) =>
      text.startsWith('{"t":"message","id":')
        ? (JSON.parse(text) as ReturnType<typeof readPlainMessage>)
        : undefined;

    const { failed } = fc.check(
      fc.property(aText, (text) => agrees(text, SMALL, careless)),
      { numRuns: 2_000 },
    );

    expect(failed).toBe(true);
  });
});
