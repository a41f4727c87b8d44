import { describe, expect, it } from '@jest/globals';
import type { Row } from './rows.js';
import { compareRows, withEndOf } from './use-held-rows.js';

const message = (key: string) => ({ kind: 'message', key }) as Row;
const rows = (keys: string) => [...keys].map(message);
const keysOf = (shown: readonly Row[]) => shown.map(({ key }) => key).join('');

describe('The rows with a former end', () => {
  it.each([
    ['an older page and a live message', 'cde', 'abcdef', 'abcde'],
    ['an older page and a dropped end', 'cdef', 'abcd', 'abcdef'],
    ['an older page alone', 'cd', 'abcd', 'abcd'],
    ['other messages', 'xy', 'ab', 'ab'],
  ])('leave the end as it was: %s', (_name, former, next, shown) => {
    expect(keysOf(withEndOf(rows(former), rows(next)))).toBe(shown);
  });
});

describe('The comparison of rows', () => {
  it.each([
    ['cd', 'abcd', 'before'],
    ['cd', 'cde', 'same'],
    ['cd', 'ab', 'other'],
    ['', 'ab', 'same'],
  ])('from %j to %j is %j', (former, next, change) => {
    expect(compareRows(rows(former), rows(next))).toBe(change);
  });
});
