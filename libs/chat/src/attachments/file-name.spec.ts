import fc from 'fast-check';
import { seedOf } from '../../../../test/rig/seed.js';
import { safeFileName } from './file-name.js';

describe('The name of a file', () => {
  it.each([
    ['photo.png', 'photo.png'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\ann\\a.txt', 'a.txt'],
    ['..', 'file'],
    ['', 'file'],
    ['.htaccess', 'htaccess'],
    ['a\0b\r\n.txt', 'ab.txt'],
    ['invoice\u202Egnp.exe', 'invoicegnp.exe'],
    ['a"b<c>:d|e?f*.txt', 'a_b_c__d_e_f_.txt'],
    ['  spaced . ', 'spaced'],
    [`${'x'.repeat(300)}.jpeg`, `${'x'.repeat(195)}.jpeg`],
  ])('%j becomes %j', (given, expected) => expect(safeFileName(given)).toBe(expected));

  it('has no folder, no unseen character and at most 200 characters, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (given) => {
        const name = safeFileName(given);
        expect(name).toMatch(/^[^/\\<>:"|?*\p{Cc}\p{Cf}\p{Surrogate}]{1,200}$/u);
        expect(name).not.toMatch(/^\.|\.$/);
      }),
      { seed: seedOf('file name') },
    );
  });
});
