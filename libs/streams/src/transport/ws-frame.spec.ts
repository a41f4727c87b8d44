import { randomBytes } from 'node:crypto';
import { constants, inflateRawSync } from 'node:zlib';
import { WsFrame, writeTextFrame } from './ws-frame.js';

const LENGTHS = [0, 1, 41, 42, 125, 126, 21_845, 21_846, 65_535, 65_536];
const FLUSH_TAIL = Buffer.from([0, 0, 0xff, 0xff]);

describe('A text written as a frame', () => {
  it.each(LENGTHS.flatMap((length) => ['x', 'é', '€', '😀'].map((char) => [length, char] as const)))(
    'has the bytes of a frame that is made by itself: %i times %s',
    (length, char) => {
      const text = char.repeat(length);
      const { bytes } = new WsFrame(text);
      const target = Buffer.alloc(bytes.length + 3);

      const end = writeTextFrame(target, 2, text);

      expect(end).toBe(bytes.length + 2);
      expect(target.subarray(2, end).equals(bytes)).toBe(true);
      expect(target[end]).toBe(0);
    },
  );
});

describe('A compressed frame', () => {
  const text = 'to be or not to be, '.repeat(100);

  it('holds the same text, once compressed for all', () => {
    const frame = new WsFrame(text);
    const { deflated } = frame;

    expect(deflated[0]).toBe(0xc1);
    expect(deflated.length).toBeLessThan(frame.bytes.length / 10);
    const payload = deflated.subarray(deflated[1]! < 126 ? 2 : 4);
    const flushed = Buffer.concat([payload, FLUSH_TAIL]);
    expect(inflateRawSync(flushed, { finishFlush: constants.Z_SYNC_FLUSH }).toString()).toBe(text);
    expect(frame.deflated).toBe(deflated);
  });

  it.each([
    ['is short', 'x'.repeat(1_023)],
    ['does not shrink', randomBytes(2_000)],
  ])('is the frame itself where the payload %s', (_, plain) => {
    const frame = new WsFrame(plain);

    expect(frame.deflated).toBe(frame.bytes);
  });

  it('carries bytes as a binary message', () => {
    const frame = new WsFrame(new Uint8Array(2_000));

    expect([frame.bytes[0], frame.deflated[0]]).toEqual([0x82, 0xc2]);
  });
});
