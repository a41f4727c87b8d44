import { ReadShares } from './read-shares.js';

const limits = { historyBytesPerSecond: 100 };

describe('The shares of reads', () => {
  it('let a share read eight seconds at once, then at its rate, and no other one less', () => {
    const shares = new ReadShares(limits);
    shares.spend('user a', 1_000, 0);

    expect(shares.waitMs('user a', 0)).toBe(2_000);
    expect(shares.waitMs('user a', 1_000)).toBe(1_000);
    expect(shares.waitMs('user b', 0)).toBe(0);
  });

  it('are forgotten when all may be read again, not before', () => {
    const shares = new ReadShares(limits);
    shares.spend('user a', 800, 0);
    shares.spend('user b', 100, 0);

    shares.sweep(1_000);
    expect(shares.size).toBe(1);
    shares.sweep(8_000);
    expect(shares.size).toBe(0);
  });

  it('are bounded in number: the oldest makes room', () => {
    const shares = new ReadShares(limits, 2);
    for (const name of ['a', 'b', 'c']) shares.spend(name, 1_000, 0);

    expect(shares.size).toBe(2);
    expect(shares.waitMs('a', 0)).toBe(0);
    expect(shares.waitMs('c', 0)).toBe(2_000);
  });
});
