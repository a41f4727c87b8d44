import fc from 'fast-check';
import { seedOf } from '../../../../test/rig/seed.js';
import { DEFAULT_CHAT_LIMITS } from '../limits/chat-limits.js';
import { checkEntities } from './check-entities.js';
import { MAX_ENTITIES, type ChatEntity } from './chat-entity.js';

const TEXT = 'Hello 👍 world';
const check = (...entities: unknown[]) => checkEntities(TEXT, entities as ChatEntity[], 5);
const range = (offset: number, length: number, more: object = {}) => ({
  type: 'bold',
  offset,
  length,
  ...more,
});
const codeOf = (...entities: unknown[]) => {
  try {
    check(...entities);
    return 'none';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('The check of entities', () => {
  it('returns them in order, the containing one first, without unknown properties', () => {
    expect(
      check(
        range(9, 5, { type: 'link', url: 'https://example.org', extra: 1 }),
        range(0, 5, { type: 'italic' }),
        range(0, 8),
      ),
    ).toEqual([
      { type: 'bold', offset: 0, length: 8 },
      { type: 'italic', offset: 0, length: 5 },
      { type: 'link', offset: 9, length: 5, url: 'https://example.org' },
    ]);
  });

  it.each([
    ['an unknown type', [range(0, 1, { type: 'script' })]],
    ['a range beyond the text', [range(0, TEXT.length + 1)]],
    ['an empty range', [range(0, 0)]],
    ['a negative offset', [range(-1, 2)]],
    ['a number that is not whole', [range(0.5, 1)]],
    ['no number', [range(NaN, 1)]],
    ['no object', [null]],
    ['the half of a character', [range(0, 7)]],
    ['an overlap', [range(0, 5), range(3, 5, { type: 'italic' })]],
    ['a type within itself', [range(0, 5), range(1, 2)]],
    ['an entity in code', [range(0, 5, { type: 'code' }), range(1, 2)]],
    ['a link without an address', [range(0, 1, { type: 'link' })]],
    ['a script as address', [range(0, 1, { type: 'link', url: 'javascript:alert(1)' })]],
    ['data as address', [range(0, 1, { type: 'link', url: 'data:text/html,x' })]],
    ['a control character in an address', [range(0, 1, { type: 'link', url: 'https://a\n.b' })]],
    ['an address that is too long', [range(0, 1, { type: 'link', url: `https://a.b/${'c'.repeat(2_048)}` })]],
    ['an address of another type', [range(0, 1, { url: 'https://a.b' })]],
    ['a mention without a user', [range(0, 1, { type: 'mention' })]],
    ['a language with markup', [range(0, 1, { type: 'pre', language: '"><script>' })]],
  ])('refuses %s', (_name, entities) => expect(codeOf(...entities)).toBe('CHAT_INVALID'));

  it('refuses more than the limit', () => {
    expect(codeOf(...Array.from({ length: 5 }, (_, at) => range(at, 1)))).toBe('none');
    expect(codeOf(...Array.from({ length: 6 }, (_, at) => range(at, 1)))).toBe('CHAT_LIMIT_EXCEEDED');
  });

  it('has as its default limit the number that the reader of typed marks keeps to', () => {
    expect(DEFAULT_CHAT_LIMITS.maxEntities).toBe(MAX_ENTITIES);
  });

  it('accepts no overlap, whatever it gets', () => {
    const entity = fc.record({
      type: fc.constantFrom('bold', 'italic', 'strike', 'quote', 'code'),
      offset: fc.nat(15),
      length: fc.nat(8),
    });
    fc.assert(
      fc.property(fc.array(entity, { maxLength: 5 }), (entities) => {
        if (codeOf(...entities) !== 'none') return;
        for (const a of entities)
          for (const b of entities) {
            const [first, second] = a.offset <= b.offset ? [a, b] : [b, a];
            const isApart = first.offset + first.length <= second.offset;
            const isInside =
              second.offset + second.length <= first.offset + first.length ||
              (first.offset === second.offset && first.length <= second.length);
            expect(isApart || isInside).toBe(true);
          }
      }),
      { seed: seedOf('entities') },
    );
  });
});
