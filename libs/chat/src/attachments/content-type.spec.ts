import { contentTypeOf, isPermitted, isShown } from './content-type.js';

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

describe('The type of a file', () => {
  it.each([
    ['image/png', bytes([0x89], 'PNG\r\n', [0x1a], '\n')],
    ['image/jpeg', bytes([0xff, 0xd8, 0xff, 0xe0])],
    ['image/gif', bytes('GIF89a')],
    ['image/webp', bytes('RIFF', [1, 2, 3, 4], 'WEBPVP8 ')],
    ['image/avif', bytes([0, 0, 0, 28], 'ftypavif')],
    ['video/mp4', bytes([0, 0, 0, 28], 'ftypisom')],
    ['audio/mp4', bytes([0, 0, 0, 28], 'ftypM4A ')],
    ['video/webm', bytes([0x1a, 0x45, 0xdf, 0xa3, 0x9f, 0x42, 0x82, 0x84], 'webm')],
    ['audio/mpeg', bytes('ID3')],
    ['application/pdf', bytes('%PDF-1.7')],
    ['application/zip', bytes('PK', [3, 4])],
    ['application/octet-stream', bytes('MZ', [0x90, 0, 3])],
    ['application/octet-stream', bytes([0xff, 0xfe, 0x41, 0])],
    ['text/plain', bytes('Hello 👍')],
    ['text/plain', Buffer.from('ab👍').subarray(0, 4)],
    ['text/plain', bytes('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['text/plain', bytes('<!doctype html><script>alert(1)</script>')],
    ['text/plain', bytes('  GIF89a<script>')],
  ])('is %s', (type, content) => expect(contentTypeOf(content)).toBe(type));

  it('is shown in a page only if a browser runs nothing of it', () => {
    expect(['image/png', 'video/mp4', 'audio/mpeg'].every(isShown)).toBe(true);
    for (const type of [
      'text/plain',
      'text/html',
      'image/svg+xml',
      'application/pdf',
      'application/octet-stream',
    ])
      expect(isShown(type)).toBe(false);
  });

  it('is permitted by itself, by its kind, and by all', () => {
    expect(isPermitted('image/png', ['image/*'])).toBe(true);
    expect(isPermitted('application/pdf', ['image/*', 'application/pdf'])).toBe(true);
    expect(isPermitted('text/plain', ['*/*'])).toBe(true);
    expect(isPermitted('text/plain', ['image/*', 'text'])).toBe(false);
    expect(isPermitted('imagex/png', ['image/*'])).toBe(false);
  });
});
