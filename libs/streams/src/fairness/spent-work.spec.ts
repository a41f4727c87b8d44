import { SpentWork } from './spent-work.js';

const limits = { frameWorkMsPerSecond: 50 };

describe('The work that ended connections have used up', () => {
  it('is earned again at the rate of a connection, and then forgotten', () => {
    const spent = new SpentWork(limits);

    spent.keep('a', 100, 0);

    expect([spent.of('a', 0), spent.of('a', 1_000), spent.of('b', 0)]).toEqual([100, 50, 0]);
    spent.sweep(1_999);
    expect(spent.size).toBe(1);
    spent.sweep(2_000);
    expect(spent.size).toBe(0);
  });

  it('is that of the connection which used the most', () => {
    const spent = new SpentWork(limits);

    spent.keep('a', 100, 0);
    spent.keep('a', 10, 1_000);

    expect(spent.of('a', 1_000)).toBe(50);
  });

  it('is remembered for a number of addresses, the latest ones', () => {
    const spent = new SpentWork(limits, 2);

    for (const key of ['a', 'b', 'c']) spent.keep(key, 100, 0);
    spent.keep('d', 0, 0);

    expect(['a', 'b', 'c'].map((key) => spent.of(key, 0))).toEqual([0, 100, 100]);
  });
});
