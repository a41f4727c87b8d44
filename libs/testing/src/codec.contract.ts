import { CloseCode, create, StreamMessage } from '@nestwire/protocol';
import {
  DEFAULT_JSON_LIMITS,
  encodeMessage,
  type Codec,
  type Frame,
  type FramePayload,
  type JsonLimits,
} from '@nestwire/protocol/codec';

/** A codec, with functions that write and read its format without it. */
export interface CodecTraits {
  /** Writes any value, also one that is not a frame. */
  readonly write: (value: unknown) => FramePayload;
  readonly read: (payload: FramePayload) => unknown;
}

@StreamMessage('contract.note')
class Note {
  declare readonly $type: 'contract.note';
  text!: string;
}

const MESSAGE = { t: 'message', id: 7, stream: 'chat', type: 'chat.message', data: { text: 'hi' } };
const inMessage = (value: unknown): object => ({ ...MESSAGE, data: { value } });
const nested = (depth: number): unknown => (depth ? { x: nested(depth - 1) } : 1);
const keys = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 0]));

/**
 * Describes the behaviour of every server codec; runs under jest and compatible test runners.
 *
 * @param open makes a codec with limits, as `withLimits` of the `codecs` option does
 */
export function describeCodec(
  name: string,
  open: (limits: JsonLimits) => Codec,
  { write, read }: CodecTraits,
): void {
  describe(`${name} as a codec`, () => {
    const codec = open(DEFAULT_JSON_LIMITS);
    const decode = (value: unknown, limits: Partial<JsonLimits> = {}) =>
      open({ ...DEFAULT_JSON_LIMITS, ...limits }).decodeClientFrame(write(value));

    it('names a subprotocol, and writes the kind of payload that it announces', () => {
      expect(codec.subprotocol).toMatch(/^[\w.-]+$/);
      expect(typeof codec.encodeFrame({ t: 'pong' }) === 'string').toBe(!codec.isBinary);
    });

    it.each([
      [{ t: 'hello', v: 1 }],
      [{ t: 'hello', v: 1, token: null, later: 'field' }],
      [{ t: 'open', id: 1, endpoint: 'chat' }],
      [{ t: 'close', id: 2_147_483_647, stream: 'chat' }],
      [{ t: 'auth', id: 1, token: null }],
      [{ t: 'ping' }],
      [MESSAGE],
      [{ ...MESSAGE, redelivered: true }],
      [{ t: 'call', id: 1, stream: 'chat', method: 'load', type: 'chat.load', data: {}, window: 64 }],
      [{ t: 'credit', call: 1, consumed: 2 ** 40 }],
      [{ t: 'cancel', call: 1 }],
      [inMessage(['é', '𝄞', '', -1, 200, 70_000, -(2 ** 33), 0.5, 1e300, true, null, { a: [] }])],
    ])('decodes %j', (frame) => {
      expect(decode(frame)).toEqual(frame);
    });

    it.each([
      [null, 'BAD_FRAME'],
      ['ping', 'BAD_FRAME'],
      [{}, 'UNKNOWN_FRAME'],
      [{ t: 'constructor' }, 'UNKNOWN_FRAME'],
      [{ t: 'open', id: 3, endpoint: '' }, 'BAD_FRAME'],
      [{ ...MESSAGE, data: [] }, 'BAD_FRAME'],
      [{ t: 'ping', x: [{ constructor: 1 }] }, 'BAD_FRAME'],
      [JSON.parse('{"t":"ping","__proto__":{}}') as object, 'BAD_FRAME'],
      [inMessage(2 ** 53), 'INVALID_MESSAGE'],
      [{ t: 'item', call: 1, type: 'a', data: [] }, 'BAD_FRAME'],
      [{ t: 'credit', call: 1, consumed: -1 }, 'BAD_FRAME'],
    ])('answers %j with %s', (value, code) => {
      expect(decode(value)).toMatchObject({ code });
    });

    it.each([[0], [-1], [1.5], ['1'], [4_294_967_296]])('closes the connection for the id %j', (id) => {
      expect(decode({ t: 'open', id, endpoint: 'chat' })).toMatchObject({ closeCode: CloseCode.BadRequest });
    });

    it('closes the connection for another version and for a frame of a server', () => {
      expect(decode({ t: 'hello', v: 999 })).toMatchObject({ closeCode: CloseCode.UnsupportedVersion });
      expect(decode({ t: 'welcome' })).toMatchObject({ closeCode: CloseCode.BadRequest });
    });

    it('refuses a payload that is cut off at any byte, and never throws', () => {
      const whole = write(MESSAGE);
      for (let length = 0; length < whole.length; length++) {
        const outcome = codec.decodeClientFrame(whole.slice(0, length));
        expect('code' in outcome || 'closeCode' in outcome).toBe(true);
      }
    });

    it.each([
      ['maxDepth', inMessage(nested(3)), { maxDepth: 5 }, { maxDepth: 4 }],
      ['maxNodes', inMessage([1, 2, 3, 4, 5, 6]), { maxNodes: 20 }, { maxNodes: 8 }],
      ['maxKeys', inMessage(keys(10)), { maxKeys: 10 }, { maxKeys: 9 }],
      ['maxItems', inMessage(Array(10).fill(0)), { maxItems: 10 }, { maxItems: 9 }],
    ])('holds the limit %s, and carries the id of the refused frame', (_limit, frame, enough, tooFew) => {
      expect(decode(frame, enough)).toEqual(frame);
      expect(decode(frame, tooFew)).toMatchObject({ code: 'TOO_COMPLEX', id: 7 });
    });

    it('encodes the frames of a server', () => {
      const frame: Frame = { t: 'error', id: 3, error: { code: 'X', message: 'é', details: undefined } };

      expect(read(codec.encodeFrame(frame))).toEqual({
        t: 'error',
        id: 3,
        error: { code: 'X', message: 'é' },
      });
      expect(read(codec.encodeAck('chat', 9))).toEqual({ t: 'ack', stream: 'chat', id: 9 });
    });

    it('encodes a message to the same payload for every receiver', () => {
      const encoded = encodeMessage(create(Note, { text: '€ 💥 \n "}' }));
      const content = { type: 'contract.note', data: { text: '€ 💥 \n "}' } };

      const once = codec.encodeServerMessage('chat', encoded);

      expect(codec.encodeServerMessage('chat', encoded)).toEqual(once);
      expect(read(once)).toEqual({ t: 'message', stream: 'chat', ...content });
      expect(read(codec.encodeServerMessage('chat', encoded, 'room'))).toEqual({
        t: 'message',
        stream: 'chat',
        channel: 'room',
        ...content,
      });
      expect(read(codec.encodePublication('room', encoded))).toEqual({
        t: 'publication',
        channel: 'room',
        ...content,
      });
    });

    it('encodes the messages of calls and requests', () => {
      const encoded = encodeMessage(create(Note, { text: 'é' }));
      const content = { type: 'contract.note', data: { text: 'é' } };

      expect(read(codec.encodeItem(7, 2, encoded))).toEqual({ t: 'item', call: 7, n: 2, ...content });
      expect(read(codec.encodeAround({ t: 'reply', call: 7 }, encoded))).toEqual({
        t: 'reply',
        call: 7,
        ...content,
      });
      expect(
        read(codec.encodeAround({ t: 'request', id: 1, stream: 'chat', timeoutMs: 5 }, encoded)),
      ).toEqual({ t: 'request', id: 1, stream: 'chat', timeoutMs: 5, ...content });
    });

    it('reads the first fields of a frame without decoding it', () => {
      const payload = write(MESSAGE);
      const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;

      expect(codec.peek(bytes)).toMatchObject({ t: 'message', id: 7, stream: 'chat' });
      expect(codec.peek(new Uint8Array())).toEqual({});
    });

    it('names the call of a frame that is refused or not decoded', () => {
      const item = { t: 'item', call: 7, type: 'chat.chunk', data: nested(40) };
      const payload = write(item);
      const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;

      expect(decode(item)).toMatchObject({ code: 'TOO_COMPLEX', id: 7, call: 7 });
      expect(codec.peek(bytes)).toMatchObject({ t: 'item', call: 7 });
    });
  });
}
