import * as fc from 'fast-check';
import { CloseCode } from '../error/close-code.js';
import { StreamMessage } from '../message/stream-message.decorator.js';
import { messagePack } from '../message-pack.node.js';
import { DEFAULT_JSON_LIMITS, type JsonLimits } from '../limits.js';
import type { Codec, FramePayload } from './codec.js';
import { FrameFault } from './frame-fault.js';
import type { Frame } from './frame.js';
import { encodeMessage, JsonCodec } from './json-codec.js';
import { pack, unpack } from './pack.js';
import { seedOf } from '../../../../test/rig/seed.js';

fc.configureGlobal({ seed: seedOf('codec') });

interface Subject {
  readonly codecOf: (limits: JsonLimits) => Codec;
  /** Encodes any value, also one that is not a frame. */
  readonly write: (value: unknown) => FramePayload;
  readonly read: (payload: FramePayload) => unknown;
}

const JSON_SUBJECT: Subject = {
  codecOf: (limits) => new JsonCodec(limits),
  write: (value) => JSON.stringify(value),
  read: (payload) => JSON.parse(payload as string) as unknown,
};

const PACK_SUBJECT: Subject = {
  codecOf: (limits) => messagePack.withLimits(limits),
  write: pack,
  read: (payload) => unpack(payload as Uint8Array),
};

const MESSAGE = { t: 'message', id: 7, stream: 'chat', type: 'chat.message', data: { text: 'hi' } };
const withOwnProto = JSON.parse('{"t":"ping","__proto__":{}}') as object;
const nested = (depth: number): unknown => (depth ? { x: nested(depth - 1) } : 1);
const keys = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 0]));
const inMessage = (value: unknown): object => ({ ...MESSAGE, data: { value } });

@StreamMessage('codecs.note')
class Note {
  declare readonly $type: 'codecs.note';
  text = 'x';
}

describe.each([
  ['JSON', JSON_SUBJECT],
  ['MessagePack', PACK_SUBJECT],
])('The codec of %s', (_, { codecOf, write, read }) => {
  const codec = codecOf(DEFAULT_JSON_LIMITS);
  const verdictOn = (value: unknown, limits: JsonLimits = DEFAULT_JSON_LIMITS): unknown =>
    codecOf(limits).decodeClientFrame(write(value));

  it.each([
    [{ t: 'hello', v: 1 }],
    [{ t: 'hello', v: 1, client: 'A-z_0'.padEnd(64, '9') }],
    [{ t: 'hello', v: 1, client: 'A-z_0'.padEnd(22, '9') }],
    [{ t: 'hello', v: 1, token: null, later: 'field' }],
    [{ t: 'open', id: 1, endpoint: 'chat' }],
    [{ t: 'open', id: 1, endpoint: 'chat', stream: 'chat' }],
    [{ t: 'close', id: 2147483647, stream: 'chat' }],
    [{ t: 'auth', id: 1, token: null }],
    [{ t: 'ping' }],
    [{ t: 'pong' }],
    [MESSAGE],
    [{ ...MESSAGE, redelivered: true }],
    [inMessage(['é', '𝄞', 'x'.repeat(300), -1, 200, -200, 70_000, -70_000, 2 ** 33, -(2 ** 33), 0.5, 1e300])],
  ])('reads %j', (frame) => {
    expect(verdictOn(frame)).toEqual(frame);
  });

  it.each([
    [null, 'BAD_FRAME'],
    [[[]], 'BAD_FRAME'],
    [5, 'BAD_FRAME'],
    ['ping', 'BAD_FRAME'],
    [{}, 'UNKNOWN_FRAME'],
    [{ t: 5 }, 'UNKNOWN_FRAME'],
    [{ t: 'constructor' }, 'UNKNOWN_FRAME'],
    [{ t: 'open', id: 3, endpoint: '' }, 'BAD_FRAME'],
    [{ t: 'open', id: 3, endpoint: 'chat', stream: '' }, 'BAD_FRAME'],
    [{ t: 'open', id: 3, endpoint: 'chat', stream: 'x'.repeat(129) }, 'BAD_FRAME'],
    [{ t: 'open', id: 3, stream: 'chat' }, 'BAD_FRAME'],
    [{ t: 'close', id: 3, endpoint: 'chat' }, 'BAD_FRAME'],
    [{ t: 'message', id: 3, endpoint: 'chat', type: 'a', data: {} }, 'BAD_FRAME'],
    [{ t: 'message', id: 3, stream: 'chat', type: 'a', data: [] }, 'BAD_FRAME'],
    [{ t: 'message', id: 3, stream: 'chat', type: 'a', data: null }, 'BAD_FRAME'],
    [{ t: 'message', id: 3, stream: 'chat', type: 'a', data: {}, redelivered: 1 }, 'BAD_FRAME'],
    [withOwnProto, 'BAD_FRAME'],
    [{ t: 'ping', x: [{ constructor: 1 }] }, 'BAD_FRAME'],
    [{ t: 'ping', x: [{ a: { prototype: 1 } }] }, 'BAD_FRAME'],
    [inMessage(2 ** 53), 'INVALID_MESSAGE'],
    [inMessage({ y: [-(2 ** 53)] }), 'INVALID_MESSAGE'],
    [inMessage(1e20), 'INVALID_MESSAGE'],
  ])('answers %j with %s', (value, code) => {
    expect(verdictOn(value)).toMatchObject({ code });
  });

  it.each([[0], [-1], [1.5], ['1'], [null], [4294967296], [9007199254740992]])(
    'takes the id %j for a broken protocol',
    (id) => {
      expect(verdictOn({ t: 'open', id, endpoint: 'chat' })).toMatchObject({
        closeCode: CloseCode.BadRequest,
      });
    },
  );

  it.each([[1], [127], [128], [255], [256], [65_536], [2_147_483_647]])(
    'carries the id %d of a refused frame',
    (id) => {
      const deep = { ...MESSAGE, id, data: nested(40) };

      expect(verdictOn(deep)).toMatchObject({ code: 'TOO_COMPLEX', id });
    },
  );

  it.each([
    [''],
    ['a'],
    ['x'.repeat(21)],
    ['x'.repeat(65)],
    ['a:b'.repeat(10)],
    ['é'.repeat(30)],
    [`${'a'.repeat(30)}\n`],
    [7],
    [null],
    [['a']],
  ])('takes the client name %j for a broken protocol', (client) => {
    expect(verdictOn({ t: 'hello', v: 1, client })).toMatchObject({ closeCode: 4500 });
  });

  it('refuses other versions and server frames with a close code', () => {
    expect(verdictOn({ t: 'hello', v: 999 })).toMatchObject({ closeCode: 4503 });
    expect(verdictOn({ t: 'welcome' })).toMatchObject({ closeCode: 4500 });
  });

  it('holds the limits of a frame at their edges', () => {
    const tooComplex = { code: 'TOO_COMPLEX' };

    expect(verdictOn({ ...MESSAGE, data: nested(31) })).toEqual({ ...MESSAGE, data: nested(31) });
    expect(verdictOn({ ...MESSAGE, data: nested(32) })).toMatchObject(tooComplex);
    expect(verdictOn({ ...MESSAGE, data: keys(256) })).toEqual({ ...MESSAGE, data: keys(256) });
    expect(verdictOn({ ...MESSAGE, data: keys(257) })).toMatchObject(tooComplex);
    // Counted: the frame, its five keys, data, its one key and the array.
    expect(verdictOn(inMessage(Array(1_991).fill([])))).toMatchObject({ t: 'message' });
    expect(verdictOn(inMessage(Array(1_992).fill([])))).toMatchObject(tooComplex);
    expect(verdictOn(inMessage(Array(10_000).fill(0)))).toMatchObject({ t: 'message' });
    expect(verdictOn(inMessage(Array(10_001).fill(0)))).toMatchObject(tooComplex);
  });

  it.each(['$set', '$map'])('limits the entries of one %s as the keys of one object', (tag) => {
    const entries = (count: number): object =>
      inMessage({ [tag]: Array.from({ length: count }, (_entry, at) => (tag === '$set' ? at : [at, 0])) });
    const others = { list: Array(1_000).fill(0), [tag]: [] };

    expect(verdictOn(entries(256))).toMatchObject({ t: 'message' });
    expect(verdictOn(entries(257))).toMatchObject({ code: 'TOO_COMPLEX', id: 7 });
    expect(verdictOn(inMessage([{ [tag]: [] }, entries(257)]))).toMatchObject({ code: 'TOO_COMPLEX' });
    // Only the array of the tag itself counts as a collection.
    expect(verdictOn(inMessage(others))).toMatchObject({ t: 'message' });
    expect(verdictOn(inMessage({ [tag]: 1, list: Array(1_000).fill(0) }))).toMatchObject({ t: 'message' });
  });

  it('carries what a server says', () => {
    const frame: Frame = { t: 'error', id: 3, error: { code: 'X', message: 'x', details: undefined } };

    expect(read(codec.encodeFrame(frame))).toEqual({ t: 'error', id: 3, error: { code: 'X', message: 'x' } });
  });

  it('writes the same bytes for a message to every receiver of a stream', () => {
    const encoded = encodeMessage(new Note());
    const once = codec.encodeServerMessage('chat', encoded);

    expect(codec.encodeServerMessage('chat', encoded)).toEqual(once);
    expect(read(once)).toEqual({ t: 'message', stream: 'chat', type: 'codecs.note', data: { text: 'x' } });
    expect(read(codec.encodeServerMessage('chat', encoded, 'room'))).toEqual({
      t: 'message',
      stream: 'chat',
      channel: 'room',
      type: 'codecs.note',
      data: { text: 'x' },
    });
    expect(read(codec.encodePublication('room', encoded))).toEqual({
      t: 'publication',
      channel: 'room',
      type: 'codecs.note',
      data: { text: 'x' },
    });
  });

  it('tells what it writes', () => {
    expect(typeof write({}) === 'string').toBe(!codec.isBinary);
    expect(codec.subprotocol).toMatch(/^nestwire\.v1\./);
  });
});

describe('Both codecs', () => {
  // With several faults each codec may find another one first.
  const outcomeOf = (verdict: unknown): unknown => (verdict instanceof FrameFault ? 'refused' : verdict);

  it('take and refuse the same', () => {
    const limits = fc.record({
      maxDepth: fc.integer({ min: 1, max: 6 }),
      maxNodes: fc.integer({ min: 1, max: 30 }),
      // The five keys of the frame itself are not counted in the most frequent format.
      maxKeys: fc.integer({ min: 5, max: 8 }),
      maxItems: fc.integer({ min: 2, max: 12 }),
    });
    const value = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' });
    fc.assert(
      fc.property(fc.oneof(value, value.map(inMessage)), limits, (frame, bounds) => {
        const [fromText, fromBytes] = [JSON_SUBJECT, PACK_SUBJECT].map(({ codecOf, write }) =>
          outcomeOf(codecOf(bounds).decodeClientFrame(write(frame))),
        );

        expect(fromBytes).toEqual(fromText);
      }),
      { numRuns: 2_000 },
    );
  });
});
