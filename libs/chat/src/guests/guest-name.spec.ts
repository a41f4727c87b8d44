import { guestName } from './guest-name.js';

const RLO = '\u202E';
const ZERO_WIDTH_JOINER = '\u200D';

describe('The name of a guest', () => {
  it.each([
    'Ann',
    "Zoë O'Neil-Grün 3",
    '李小龙',
    'محمد علي',
    'שרה כהן',
    'สมชาย',
    'Nguyễn Thị Ánh',
    'अनुष्का',
    '🦊',
    '42',
  ])('may be %s', (name) => {
    expect(guestName(name)).toBe(name.normalize('NFKC'));
  });

  it('has one form', () => {
    expect(guestName('  Ann \u00A0\u3000 Lee  ')).toBe('Ann Lee');
    expect(guestName('𝐀𝐧𝐧 Ｌｅｅ')).toBe('Ann Lee');
    expect(guestName('A\u0308nn')).toBe('Änn');
    expect(guestName('❤\uFE0F love')).toBe('❤ love');
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \u00A0 '],
    ['punctuation alone', '...'],
    ['a line', 'Ann\nAdmin: hello'],
    ['a tabulator', 'Ann\tLee'],
    ['NUL', 'Ann\0'],
    ['an escape sequence', '\u001B[31mAnn'],
    ['an override of the direction', `Ann ${RLO}nimda`],
    ['an isolate', '\u2066Ann\u2069'],
    ['a mark of the direction', 'Ann\u200F'],
    ['a joiner', `A${ZERO_WIDTH_JOINER}nn`],
    ['a space without width', 'A\u200Bnn'],
    ['a soft hyphen', 'A\u00ADnn'],
    ['a filler that is a letter', '\u3164'],
    ['a separator of lines', 'Ann\u2028Lee'],
    ['a tag', 'Ann\u{E0041}'],
    ['a private character', 'Ann\uE000'],
    ['half of a character', 'Ann\uD83D'],
    ['marks that cover other lines', `A${'\u0337'.repeat(5)}nn`],
  ])('has no %s', (_what, name) => {
    expect(() => guestName(name)).toThrow(expect.objectContaining({ code: 'CHAT_INVALID' }) as Error);
  });

  it('is bounded before and after it takes its form', () => {
    const tooLong = expect.objectContaining({ code: 'CHAT_LIMIT_EXCEEDED' }) as Error;

    expect(guestName('x'.repeat(40))).toHaveLength(40);
    expect(() => guestName('x'.repeat(41))).toThrow(tooLong);
    // One character that becomes eighteen.
    expect(() => guestName('\uFDFA'.repeat(3))).toThrow(tooLong);
    expect(() => guestName(`${'x'.repeat(1_000_000)}${RLO}`)).toThrow(tooLong);
  });

  it('is a text', () => {
    for (const value of [undefined, null, 5, { toString: () => 'Ann' }, ['Ann']])
      expect(() => guestName(value as never)).toThrow(
        expect.objectContaining({ code: 'CHAT_INVALID' }) as Error,
      );
  });
});
