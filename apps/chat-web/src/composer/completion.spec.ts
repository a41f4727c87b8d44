import { describe, expect, it } from '@jest/globals';
import { completionAt } from './completion.js';

const USERS = [
  { id: 'mara', name: 'Mara Lindqvist' },
  { id: 'ines', name: 'Inês Carvalho' },
  { id: 'nour', name: 'نور حداد' },
];
const at = (text: string, cursor = text.length) => completionAt(text, cursor, USERS);
const labels = (text: string) => at(text)?.suggestions.map(({ label }) => label);

describe('A completion', () => {
  it('finds users by the beginning of each word of their names, without marks', () => {
    expect(labels('Ask @car')).toEqual(['Inês Carvalho']);
    expect(labels('@INES')).toEqual(['Inês Carvalho']);
    expect(labels('(@نور')).toEqual(['نور حداد']);
    expect(labels('@')).toHaveLength(3);
  });

  it('replaces the word before the cursor alone', () => {
    expect(at('Hi @ma and all', 6)).toMatchObject({
      start: 3,
      end: 6,
      suggestions: [{ inserted: '@Mara Lindqvist ' }],
    });
  });

  it('finds emojis by their words, from two letters on', () => {
    expect(labels('nice :tad')).toEqual(['🎉 party tada']);
    expect(at('nice :t')).toBeUndefined();
  });

  it.each(['', 'mail me@ma', 'at 10:30', 'http://tada', '@nobody', ':zzzz'])('is none for %j', (text) => {
    expect(at(text)).toBeUndefined();
  });
});
