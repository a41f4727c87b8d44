import fc from 'fast-check';
import { seedOf } from '../../../../../test/rig/seed.js';
import { GrowingText } from './growing-text.js';

const after = (maxLength: number, ...pieces: string[]) => {
  const text = new GrowingText(maxLength);
  const more = pieces.map((piece) => text.append(piece));
  return [text.value, more.at(-1)];
};

describe('A growing text', () => {
  it.each([
    ['joins pieces', after(9, 'a', '', 'bc'), ['abc', true]],
    ['joins the halves of a character', after(9, 'a\uD83D', '\uDC4Db'), ['a👍b', true]],
    ['replaces a half that stays alone', after(9, '\uD83D', 'b\uDC4D'), ['\uFFFDb\uFFFD', true]],
    ['replaces NUL', after(9, 'a\0b'), ['a\uFFFDb', true]],
    ['ends at the limit', after(3, 'ab', 'cd'), ['abc', false]],
    ['ends when it has exactly the limit', after(3, 'abc'), ['abc', false]],
    ['ends before a character that does not fit', after(2, 'a', '👍'), ['a', false]],
  ])('%s', (_name, actual, expected) => expect(actual).toEqual(expected));

  it('is the same however it is cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        fc.nat(40),
        fc.nat(40),
        (text, one, two) => {
          const [first, second] = [Math.min(one, two), Math.max(one, two)];
          const [value] = after(1_000, text.slice(0, first), text.slice(first, second), text.slice(second));
          expect(value).toBe(text.replaceAll('\0', '\uFFFD'));
        },
      ),
      { seed: seedOf('growing text') },
    );
  });
});
