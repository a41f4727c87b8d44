import { jest } from '@jest/globals';
import { RecentIds } from './recent-ids.js';

describe('The ids of recent posts', () => {
  beforeEach(() => jest.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => jest.useRealTimers());

  it('are known for their time, from the last post on', () => {
    const ids = new RecentIds(100, 10);
    ids.add('a');
    jest.advanceTimersByTime(99);
    ids.add('b');
    ids.add('b');

    expect([ids.has('a'), ids.has('b'), ids.has('c')]).toEqual([true, true, false]);
    jest.advanceTimersByTime(1);
    expect([ids.has('a'), ids.has('b')]).toEqual([false, true]);
  });

  it('are bounded in their number, and leave when their time is over', () => {
    const ids = new RecentIds(100, 3);
    for (const id of ['a', 'b', 'c', 'a', 'd']) ids.add(id);

    expect(['a', 'b', 'c', 'd'].map((id) => ids.has(id))).toEqual([true, false, true, true]);
    jest.advanceTimersByTime(100);
    ids.add('e');
    expect(ids.size).toBe(1);
  });
});
