import { messagePack } from '@nestwire/protocol/message-pack';
import { encode } from '@msgpack/msgpack';
import { DEFAULT_JSON_LIMITS, type ClientMessageFrame } from '@nestwire/protocol/codec';

const READ_BYTES = 65_536;
const frameOf = (bytes: number) =>
  encode({ t: 'message', id: 1, stream: 'desk', type: 'x', data: { bytes: new Uint8Array(bytes) } });

/** Decodes a frame that was read together with others; returns the bytes in its message. */
function readBytes(length: number): Uint8Array {
  const frame = frameOf(length);
  const read = Buffer.alloc(READ_BYTES);
  read.set(frame);
  const codec = messagePack.withLimits(DEFAULT_JSON_LIMITS);
  const decoded = codec.decodeClientFrame(read.subarray(0, frame.length)) as ClientMessageFrame;
  return (decoded.data as { bytes: Uint8Array }).bytes;
}

// A handler that kept a few bytes of a message kept everything that was read together with it.
describe('Bytes in a message that a client sent packed', () => {
  it('keep nothing of what was read together with a small frame', () => {
    expect(readBytes(10).buffer.byteLength).toBeLessThan(200);
  });

  it('are not copied out of a read that they are most of', () => {
    expect(readBytes(40_000).buffer.byteLength).toBe(READ_BYTES);
  });
});
