import { describe, expect, it } from '@jest/globals';
import { parseText } from '@nestwire/chat/client';
import { sourceOf } from './source-of.js';

const mentions = [{ id: 'mara', name: 'Mara' }];

describe('The source of a text', () => {
  it.each([
    'plain text',
    '**bold** and *italic* and ~~gone~~',
    '**bold with *italic* in it**',
    'see `code` and [a page](https://example.org/x) or https://example.org',
    'before\n```ts\nconst a = 1;\n```\nafter',
    '> one line\nan answer',
    'Hello @Mara!',
  ])('has the marks that it was written with: %j', (source) => {
    const { text, entities } = parseText(source, { mentions });

    expect(sourceOf(text, entities)).toBe(source);
  });
});
