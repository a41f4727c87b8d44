import { pack } from './pack.js';
import { JsonCodec } from './json-codec.js';
import { MessagePackCodec } from './message-pack-codec.js';

const FRAME = { t: 'message', id: 70_000, stream: 'chat', type: 'chat.said', data: { text: 'x' } };
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe.each([
  ['JSON', new JsonCodec(), (frame: object) => bytesOf(JSON.stringify(frame))],
  ['MessagePack', new MessagePackCodec(), pack],
] as const)('Peeking into a frame in %s', (_, codec, encode) => {
  it('reads the fields before the properties', () => {
    expect(codec.peek(encode(FRAME))).toEqual({ t: 'message', id: 70_000, stream: 'chat' });
    expect(codec.peek(encode({ t: 'auth', id: 7, token: 'x'.repeat(2_000) }))).toMatchObject({ id: 7 });
  });

  it('reads what is there of frames that are cut off', () => {
    const whole = encode(FRAME);
    for (let length = 0; length < whole.length; length++) {
      const { id } = codec.peek(whole.subarray(0, length));
      expect([undefined, 70_000]).toContain(id);
    }
  });

  it('reads no id that no frame may have', () => {
    for (const id of [0, -1, 1.5, 2 ** 31, 'x', null, {}])
      expect(codec.peek(encode({ ...FRAME, id })).id).toBeUndefined();
  });

  it('finds the mark of a message that was sent before', () => {
    const has = (frame: object) => Buffer.from(encode(frame)).includes(codec.redeliveredMark, 0, 'latin1');

    expect([has(FRAME), has({ ...FRAME, redelivered: true })]).toEqual([false, true]);
  });

  it('takes any bytes', () => {
    for (const bytes of [[], [0x81], [0x81, 0xd9], [0x81, 0xd9, 0xff], [0x8f, 0xcd], [0x7b], [0xff, 0xff]])
      expect(codec.peek(Uint8Array.from(bytes)).id).toBeUndefined();
  });
});

it('Peeking into JSON of another order finds the id alone', () => {
  const peeked = new JsonCodec().peek(bytesOf('{"stream":"chat", "id": 5, "t":"message","data":{}}'));

  expect(peeked).toEqual({ id: 5 });
});
