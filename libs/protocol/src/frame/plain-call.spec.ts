import * as fc from 'fast-check';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../limits.js';
import { guardClientFrame } from './frame-guard.js';
import { scanJson } from './json-scan.js';
import { readPlainCall, readPlainItem } from './plain-call.js';
import { seedOf } from '../../../../test/rig/seed.js';

fc.configureGlobal({ seed: seedOf('plain-call') });

const SMALL: JsonLimits = { maxDepth: 4, maxNodes: 24, maxKeys: 9, maxItems: 12 };
const CALL_ID = 'abcdefghijklmnopqrst-_';

type Fields = Readonly<Record<string, unknown>>;

const head = { t: 'call', id: 5, stream: 'chat', method: 'load', callId: CALL_ID, window: 64 };

function callText(data: unknown, fields: Fields = {}): string {
  return JSON.stringify({ ...head, ...fields, type: 'chat.load', data });
}

function itemText(data: unknown, fields: Fields = {}): string {
  return JSON.stringify({ t: 'item', call: 5, type: 'chat.chunk', ...fields, data });
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

type Read = (text: string, limits: JsonLimits) => object | undefined;

const readPlain: Read = (text, limits) => readPlainCall(text, limits) ?? readPlainItem(text, limits);

/** Returns true when reading without a scan gives the same frame as with one. */
function agrees(text: string, limits: JsonLimits, read = readPlain): boolean {
  const frame = read(text, limits);
  return frame === undefined || JSON.stringify(frame) === JSON.stringify(scanned(text, limits));
}

const aKey = fc.constantFrom('__proto__', 'constructor', '$date', '$set', 'a', 'b', 'c', 'd', 'e', 'f');
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.double(), fc.constant(2 ** 53), fc.boolean()),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(aKey, tie('tree'), { maxKeys: 6, noNullPrototype: true }),
  ),
}));
const aData = fc.dictionary(aKey, tree, { maxKeys: 4 });
const anId = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: -1, max: 2 ** 32 }));
const aCall = fc
  .tuple(aData, anId, anId, fc.option(anId, { nil: undefined }), fc.boolean())
  .map(([data, id, window, timeoutMs, sends]) =>
    callText(data, { id, window, timeoutMs, items: sends || undefined }),
  );
const anItem = fc.tuple(aData, anId).map(([data, call]) => itemText(data, { call }));
const aText = fc.oneof(aCall, anItem);

/** Texts with a part removed, inserted or repeated. */
const aMangledText = fc
  .tuple(
    aText,
    fc.nat(),
    fc.nat({ max: 6 }),
    fc.constantFrom('', '"', '{', '}', ',"id":7', '\\u0061', '1e999', ' '),
  )
  .map(([text, at, cut, put]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + put + text.slice(place + cut);
  });

describe('A call that is read without a scan of its text', () => {
  it.each([
    ['without options', callText({ before: 3 })],
    ['with a deadline', callText({ before: 3 }, { timeoutMs: 500 })],
    ['with items', callText({ before: 3 }, { items: true })],
    ['with both', callText({ at: { $date: '2026-11-23T10:00:00.000Z' } }, { timeoutMs: 500, items: true })],
  ])('is what our client writes, %s', (_, text) => {
    expect(readPlainCall(text, DEFAULT_JSON_LIMITS)).toEqual(JSON.parse(text));
  });

  it.each([
    ['that was sent before', callText({}, { redelivered: true })],
    ['with an id out of range', callText({}, { id: 2_147_483_648 })],
    ['with a window out of range', callText({}, { window: 2_147_483_648 })],
    ['with a deadline out of range', callText({}, { timeoutMs: 2_147_483_648 })],
    ['with a window of none', callText({}, { window: 0 })],
    ['without items', callText({}, { items: false })],
    ['with a short id', callText({}, { callId: 'short' })],
    ['with a field behind its properties', callText({}).replace(/}$/, ',"id":{}}')],
    ['with a reserved key', callText(JSON.parse('{"a":{"__proto__":1}}'))],
    ['that is long', callText({ a: 'x'.repeat(8_192) })],
    ['that is cut', callText({ a: 1 }).slice(0, -1)],
  ])('is none %s', (_, text) => {
    expect(readPlainCall(text, DEFAULT_JSON_LIMITS)).toBeUndefined();
  });

  it('counts each key of the frame as a node', () => {
    const limits = { ...DEFAULT_JSON_LIMITS, maxNodes: 10 };

    expect(readPlainCall(callText({}), limits)).toBeDefined();
    expect(readPlainCall(callText({}, { timeoutMs: 1 }), limits)).toBeUndefined();
    expect(readPlainCall(callText({}, { items: true }), limits)).toBeUndefined();
  });

  it('counts each field of the frame as a key', () => {
    const limits = { ...DEFAULT_JSON_LIMITS, maxKeys: 8 };

    expect(readPlainCall(callText({}), limits)).toBeDefined();
    expect(readPlainCall(callText({}, { items: true }), limits)).toBeUndefined();
  });
});

describe('An item that is read without a scan of its text', () => {
  it('is what our client writes', () => {
    const text = itemText({ text: 'hi "there"', list: [1, { a: null }] });

    expect(readPlainItem(text, DEFAULT_JSON_LIMITS)).toEqual(JSON.parse(text));
  });

  it.each([
    ['with a call out of range', itemText({}, { call: 2_147_483_648 })],
    ['of no call', itemText({}, { call: 0 })],
    ['whose properties are a list', itemText([{}])],
    ['with a number out of range', itemText({ a: [2 ** 53] })],
  ])('is none %s', (_, text) => {
    expect(readPlainItem(text, DEFAULT_JSON_LIMITS)).toBeUndefined();
  });
});

describe('A frame of a call', () => {
  it.each([
    ['as it is written', aText],
    ['mangled', aMangledText],
  ])('is never another than that of the scan, %s', (_, texts) => {
    let read = 0;
    fc.assert(
      fc.property(texts, fc.constantFrom(SMALL, DEFAULT_JSON_LIMITS), (text, limits) => {
        if (readPlain(text, limits)) read++;
        return agrees(text, limits);
      }),
      { numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(20);
  });

  it('would be caught if it judged less', () => {
    const careless: Read = (text) =>
      text.startsWith('{"t":"call","id":') ? (JSON.parse(text) as object) : undefined;

    const { failed } = fc.check(
      fc.property(aText, (text) => agrees(text, SMALL, careless)),
      { numRuns: 2_000 },
    );

    expect(failed).toBe(true);
  });
});
