import { describe, expect, it } from '@jest/globals';
import { UserStorage } from './user-storage.js';

/** A storage with the behaviour of the browser's, in memory. */
class MemoryStorage implements Storage {
  private readonly entries = new Map<string, string>();
  readonly getItem = (key: string): string | null => this.entries.get(key) ?? null;
  readonly key = (index: number): string | null => [...this.entries.keys()][index] ?? null;
  readonly clear = (): void => this.entries.clear();
  readonly setItem = (key: string, value: string): void => void this.entries.set(key, value);
  readonly removeItem = (key: string): void => void this.entries.delete(key);
  get length(): number {
    return this.entries.size;
  }
}

describe('The storage of a user', () => {
  it('lists, reads and clears the entries of its user alone', () => {
    const browser = new MemoryStorage();
    const ada = new UserStorage(browser, 'drafts', 'ada');
    const other = new UserStorage(browser, 'drafts', 'ada:b');
    ada.setItem('lobby', 'Hello');
    ada.setItem('design', 'Draft');
    other.setItem('lobby', 'Secret');
    browser.setItem('of another page', 'x');

    expect(ada.length).toBe(2);
    expect([ada.key(0), ada.key(1), ada.key(2)]).toEqual(['design', 'lobby', null]);
    expect(ada.getItem('lobby')).toBe('Hello');

    ada.removeItem('design');
    ada.clear();

    expect(ada.length).toBe(0);
    expect(other.getItem('lobby')).toBe('Secret');
    expect(browser.length).toBe(2);
  });
});
