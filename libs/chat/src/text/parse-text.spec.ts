import fc from 'fast-check';
import { seedOf } from '../../../../test/rig/seed.js';
import { MAX_ENTITIES } from './chat-entity.js';
import { checkEntities } from './check-entities.js';
import { parseText } from './parse-text.js';
import { textRuns } from './text-runs.js';

const users = [
  { id: 'u1', name: 'Ann' },
  { id: 'u2', name: 'Ann Lee' },
];

/** Writes a text with its entities as `<type>…</>`. */
function shown(source: string): string {
  const { text, entities } = parseText(source, { mentions: users });
  return textRuns(text, entities)
    .map((run) => run.entities.reduceRight((inner, { type }) => `<${type}>${inner}</>`, run.text))
    .join('');
}

describe('The reader of typed marks', () => {
  it.each([
    ['plain', 'plain'],
    [
      '**bold** and *italic* and _italic_ and ~~strike~~',
      '<bold>bold</> and <italic>italic</> and <italic>italic</> and <strike>strike</>',
    ],
    ['***both***', '<italic><bold>both</></>'],
    ['**a *b* c**', '<bold>a </><bold><italic>b</></><bold> c</>'],
    ['2 * 3 * 4 and snake_case_name', '2 * 3 * 4 and snake_case_name'],
    ['`a ** b`', '<code>a ** b</>'],
    ['\\*kept\\*', '*kept*'],
    ['**open', '**open'],
    ['> one\n> two\nthree', '<quote>one\ntwo</>\nthree'],
    ['```ts\nlet a = "*";\n```\nafter', '<pre>let a = "*";</>\nafter'],
    ['see https://example.org/a_b_c.', 'see <link>https://example.org/a_b_c</>.'],
    ['[the *site*](https://example.org)', '<link>the </><link><italic>site</></>'],
    ['[bad](javascript:alert(1))', '[bad](javascript:alert(1))'],
    [
      '@Ann Lee and @Ann, not @Annabel or a@Ann',
      '<mention>@Ann Lee</> and <mention>@Ann</>, not @Annabel or a@Ann',
    ],
    ['<b>never html</b>', '<b>never html</b>'],
  ])('reads %j', (source, expected) => expect(shown(source)).toBe(expected));

  it('names each mentioned user once, and the address and language of its entities', () => {
    const parsed = parseText('@Ann @Ann [x](mailto:a@b.c)\n```js\n1\n```', { mentions: users });

    expect(parsed.mentions).toEqual(['u1']);
    expect(parsed.entities).toMatchObject([
      { type: 'mention', userId: 'u1' },
      { type: 'mention', userId: 'u1' },
      { type: 'link', url: 'mailto:a@b.c' },
      { type: 'pre', language: 'js' },
    ]);
  });

  it('makes only what the server accepts, of any input', () => {
    const marks = fc.constantFrom(
      '*',
      '**',
      '_',
      '~~',
      '`',
      '```',
      '```js\n',
      '\n',
      '> ',
      '\\',
      '[',
      '](https://a.b)',
      'https://x.y/',
      '@Ann',
      ' ',
      'a',
      'ß',
      '👍',
      '\u0001',
      '(',
      ')',
      ':',
    );
    const source = fc.array(fc.oneof(marks, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 60 });
    fc.assert(
      fc.property(source, (parts) => {
        const typed = parts.join('');
        const { text, entities } = parseText(typed, { mentions: users });

        expect(text.length).toBeLessThanOrEqual(typed.length);
        expect(checkEntities(text, entities, MAX_ENTITIES)).toEqual(entities);
        expect(
          textRuns(text, entities)
            .map((run) => run.text)
            .join(''),
        ).toBe(text);
      }),
      { numRuns: 300, seed: seedOf('entities') },
    );
  });

  it('reads a long input of open marks without delay', () => {
    for (const mark of ['*', '**a', '_a ', '[', '> ', '```\n', '\\', '@'])
      expect(parseText(mark.repeat(4_000 / mark.length)).entities.length).toBeLessThanOrEqual(MAX_ENTITIES);
  });
});
