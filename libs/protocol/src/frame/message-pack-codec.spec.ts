import * as fc from 'fast-check';
import { DEFAULT_JSON_LIMITS } from '../limits.js';
import { messagePack } from '../message-pack.node.js';
import { pack } from './pack.js';
import { scanPacked } from './pack-scan.js';
import { seedOf } from '../../../../test/rig/seed.js';

fc.configureGlobal({ seed: seedOf('message-pack.codec') });

const codec = messagePack.withLimits(DEFAULT_JSON_LIMITS);
const verdictOn = (bytes: Uint8Array): unknown => codec.decodeClientFrame(bytes);
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const text = (value: string): string => Buffer.from(pack(value)).toString('hex');
/** A `ping` with one more field of the given value. */
const ping = (value: string): Uint8Array => bytes(`82 ${text('t')} ${text('ping')} ${text('x')} ${value}`);

describe('The codec of MessagePack', () => {
  it.each([
    ['nothing', ''],
    ['what is never used', 'c1'],
    ['a map that is cut off', '81'],
    ['a text that is cut off', `81 ${text('t')} a4 70`],
    ['a size that is cut off', 'df ff'],
    ['a map of four billion keys', 'df ff ff ff ff'],
    ['an array of four billion items', 'dd ff ff ff ff'],
    ['a text of four gigabytes', 'db ff ff ff ff'],
    ['bytes behind the frame', `81 ${text('t')} ${text('ping')} c0`],
    ['a number for a key', '81 01 01'],
    ['nil for a key', '81 c0 01'],
    ['a map for a key', '81 80 01'],
    ['bytes for a key', '81 c4 01 74 01'],
    ['a field twice', `82 ${text('t')} ${text('ping')} ${text('t')} ${text('pong')}`],
    ['a field twice, once the long way', `82 ${text('t')} ${text('ping')} d9 01 74 ${text('pong')}`],
  ])('answers %s with BAD_FRAME', (_, hex) => {
    expect(verdictOn(bytes(hex))).toMatchObject({ code: 'BAD_FRAME' });
  });

  it.each([
    ['an extension of its own', 'd4 05 00'],
    ['an extension that is cut off', 'c7 ff ff'],
    ['a timestamp of 5 bytes', 'c7 05 ff 00 00 00 00 00'],
    ['a timestamp of more than a second of nanoseconds', 'd7 ff ff ff ff fc 00 00 00 00'],
    ['a text that is not UTF-8', 'a1 ff'],
    ['half a surrogate pair', 'a3 ed a0 80'],
    ['a letter in more bytes than it needs', 'a2 c1 a1'],
    ['a reserved key with such letters', `81 ab c1 a3 ${Buffer.from('onstructor').toString('hex')} 01`],
    ['a reserved key the long way', `81 d9 09 ${Buffer.from('__proto__').toString('hex')} 01`],
  ])('answers a frame that holds %s with BAD_FRAME', (_, hex) => {
    expect(verdictOn(ping(hex))).toMatchObject({ code: 'BAD_FRAME' });
  });

  it.each([
    ['2⁵³ without a sign', 'cf 00 20 00 00 00 00 00 00'],
    ['−2⁵³', 'd3 ff e0 00 00 00 00 00 00'],
    ['the largest of 64 bits', 'cf ff ff ff ff ff ff ff ff'],
    ['2⁵³ as a double', 'cb 43 40 00 00 00 00 00 00'],
    ['2⁶⁰ as a float', 'ca 5d 80 00 00'],
    ['a date behind all dates', 'c7 0c ff 00 00 00 00 00 00 07 db ba 82 10 00'],
  ])('answers a message with %s with INVALID_MESSAGE', (_, hex) => {
    expect(verdictOn(ping(`81 ${text('y')} ${hex}`))).toMatchObject({ code: 'INVALID_MESSAGE' });
  });

  it.each([
    ['2⁵³ − 1', 'cf 00 1f ff ff ff ff ff ff', 2 ** 53 - 1],
    ['1 in 64 bits', 'cf 00 00 00 00 00 00 00 01', 1],
    ['−1 in 64 bits', 'd3 ff ff ff ff ff ff ff ff', -1],
    ['0.5 as a float', 'ca 3f 00 00 00', 0.5],
    ['−0 as a double', 'cb 80 00 00 00 00 00 00 00', -0],
    ['a date in 32 bits', 'd6 ff 00 00 00 01', new Date(1_000)],
    ['a date in 64 bits', 'd7 ff 77 35 94 00 00 00 00 01', new Date(1_500)],
  ])('reads %s', (_, hex, value) => {
    const verdict = verdictOn(ping(`81 ${text('y')} ${hex}`)) as { x: { y: unknown } };

    expect(verdict.x.y).toEqual(value);
  });

  it('reads the first and the last date there is', () => {
    for (const ms of [-8.64e15, -8.64e15 + 1, -1, 0, 1, 8.64e15 - 1, 8.64e15]) {
      const frame = { t: 'ping', at: new Date(ms) };

      expect(verdictOn(pack(frame))).toEqual(frame);
    }
  });

  it('makes nothing of bytes that ask for more than they are', () => {
    // Arrays of 60,000 items, each inside the one before; a decoder would allocate all of them.
    const greedy = Buffer.from(`dcea60`.repeat(20_000), 'hex');
    const wide = Buffer.concat([bytes('dc 4e 20'), Buffer.from('dcea60'.repeat(20_000), 'hex')]);
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;

    for (const payload of [greedy, wide])
      expect(verdictOn(payload)).toMatchObject({ code: expect.any(String) });
    expect(process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before).toBeLessThan(50e6);
  });

  it('does not look at the buffer that the bytes are a part of', () => {
    const frame = { t: 'ping', part: new Uint8Array([1, 2, 3]) };
    const packed = pack(frame);
    const padded = Buffer.concat([Buffer.from('ffff', 'hex'), packed, Buffer.from('ffff', 'hex')]);

    const verdict = verdictOn(padded.subarray(2, 2 + packed.length)) as typeof frame;

    expect(verdict).toEqual(frame);
    expect(verdict.part.constructor).toBe(Uint8Array);
  });

  it('never throws, whatever the bytes, and tells what it takes for a frame', () => {
    const frame = pack({
      t: 'message',
      id: 7,
      stream: 'e',
      type: 'a',
      data: { text: 'hi', list: [1, {}] },
    });
    const mutated = fc
      .array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const copy = frame.slice();
        for (const [at, byte] of changes) copy[at] = byte;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated), (payload) => {
        const verdict = verdictOn(payload);

        expect(verdict).toBeInstanceOf(Object);
        if (!scanPacked(payload, DEFAULT_JSON_LIMITS))
          expect(verdict).not.toMatchObject({ code: 'BAD_JSON' });
      }),
      { numRuns: 5_000 },
    );
  });
});
