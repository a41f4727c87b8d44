import fc from 'fast-check';
import { seedOf } from '../../../../test/rig/seed.js';
import { imageSizeOf } from './image-size.js';

/** The first bytes of images of 300 × 7 pixels, as base64. */
const HEADS = {
  png: 'iVBORw0KGgoAAAANSUhEUgAAASwAAAAHCAIAAAA9A+dj',
  gif: 'R0lGODlhLAEHAIAAAA==',
  jpeg: '/9j/2wBDAP//////////////////////////////////////////////////////////////////////////////////////2wBDAf//////////////////////////////////////////////////////////////////////////////////////wAARCAAHASwDAQ==',
  webp: 'UklGRk4AAABXRUJQVlA4IEIAAADQAwCdASosAQcAP83m',
  lossless: 'UklGRiQAAABXRUJQVlA4TBcAAAAvK4EBAAdQ',
  extended: 'UklGRmQAAABXRUJQVlA4WAoAAAAQAAAAKwEABgAAQUxQ',
};
/** The segment of a camera that was turned by 90 degrees. */
const TURNED = '/+EAIkV4aWYAAElJKgAIAAAAAQASAQMAAQAAAAYAAAAAAAAA';
const JPEG = Buffer.from(HEADS.jpeg, 'base64');

describe('The size of an image', () => {
  it.each([
    ['image/png', HEADS.png],
    ['image/gif', HEADS.gif],
    ['image/jpeg', HEADS.jpeg],
    ['image/webp', HEADS.webp],
    ['image/webp', HEADS.lossless],
    ['image/webp', HEADS.extended],
  ])('is read from %s', (type, head) => {
    expect(imageSizeOf(type, Buffer.from(head, 'base64'))).toEqual({ width: 300, height: 7 });
  });

  it('is that of the shown image, for one that is turned', () => {
    const turned = Buffer.concat([JPEG.subarray(0, 2), Buffer.from(TURNED, 'base64'), JPEG.subarray(2)]);
    expect(imageSizeOf('image/jpeg', turned)).toEqual({ width: 7, height: 300 });
  });

  it('is unknown for other types and broken images, and never throws', () => {
    expect(imageSizeOf('text/plain', Buffer.from('x'))).toBeUndefined();
    expect(imageSizeOf('image/png', Buffer.from('short'))).toBeUndefined();
    fc.assert(
      fc.property(
        fc.constantFrom('image/png', 'image/gif', 'image/jpeg', 'image/webp'),
        fc.uint8Array({ maxLength: 200 }),
        (type, bytes) => {
          if (type === 'image/jpeg') bytes.set([0xff, 0xd8, 0xff, 0xe1].slice(0, bytes.length));
          expect([undefined, 'object']).toContain(
            typeof imageSizeOf(type, bytes) === 'object' ? 'object' : undefined,
          );
        },
      ),
      { seed: seedOf('image size') },
    );
  });
});
