import * as fc from 'fast-check';
import { FrameBoundary } from './frame-boundary.js';
import { WsFrame } from './ws-frame.js';
import { seedOf } from '../../../../test/rig/seed.js';

fc.configureGlobal({ seed: seedOf('frame-boundary') });

/** Masks a frame like a client, with a mask of zeros. */
function clientFrame(text: string, fin = true): Buffer {
  const frame = new WsFrame(text).bytes;
  const headerBytes = frame.length - Buffer.byteLength(text);
  frame[0] = (fin ? 0x80 : 0) | 1;
  frame[1] = frame[1]! | 0x80;
  return Buffer.concat([frame.subarray(0, headerBytes), Buffer.alloc(4), frame.subarray(headerBytes)]);
}

describe('FrameBoundary', () => {
  it('tells whether a frame is unfinished, however the bytes are cut', () => {
    const texts = fc.array(fc.string({ maxLength: 300, unit: 'binary' }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(texts, fc.infiniteStream(fc.integer({ min: 1, max: 900 })), (messages, cuts) => {
        const frames = messages.map((text) => clientFrame(text));
        const ends = new Set([0]);
        for (const frame of frames) ends.add(Math.max(...ends) + frame.length);
        const bytes = Buffer.concat(frames);
        const boundary = new FrameBoundary();
        for (let at = 0; at < bytes.length;) {
          const next = Math.min(bytes.length, at + cuts.next().value);
          boundary.feed(bytes.subarray(at, next));
          at = next;
          expect(boundary.isInside).toBe(!ends.has(at));
        }
      }),
      { numRuns: 400 },
    );
  });

  it('holds a fragmented message for unfinished until its last fragment', () => {
    const boundary = new FrameBoundary();

    boundary.feed(clientFrame('{', false));
    expect(boundary.isInside).toBe(true);
    boundary.feed(Buffer.from([0x89, 0x80, 0, 0, 0, 0]));
    expect(boundary.isInside).toBe(true);
    boundary.feed(Buffer.from([0x80, 0x81, 0, 0, 0, 0, 0x7d]));

    expect(boundary.isInside).toBe(false);
  });
});

describe('A WebSocket frame', () => {
  it.each([0, 125, 126, 65_535, 65_536])('writes the length of %i bytes in its shortest form', (length) => {
    const frame = new WsFrame('x'.repeat(length)).bytes;

    expect(frame[0]).toBe(0x81);
    expect(frame.length - length).toBe(length < 126 ? 2 : length <= 65_535 ? 4 : 10);
    expect(frame.subarray(frame.length - length).toString()).toBe('x'.repeat(length));
  });
});
