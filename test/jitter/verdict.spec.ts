import { scheduleOf } from './schedule.mjs';
import { judgeOrder, judgeReturns, quantile, sumOf } from './verdict.mjs';

const at = (number: number, ms: number) => ({ number, at: ms });

describe('The verdict on what a client got', () => {
  it('finds nothing where every message came once and in order', () => {
    expect(judgeOrder([1, 2, 3], 3)).toEqual({ expected: 3, delivered: 3, lost: 0, twice: 0, outOfOrder: 0 });
  });

  it.each([
    ['lost', [1, 3], { lost: 1 }],
    ['lost at the end', [1, 2], { lost: 1 }],
    ['twice', [1, 2, 2, 3], { twice: 1 }],
    ['out of order', [1, 3, 2], { outOfOrder: 1 }],
  ])('catches what is %s', (_name, numbers, counts) => {
    expect(judgeOrder(numbers, 3)).toMatchObject(counts);
  });

  it('does not expect what was refused', () => {
    expect(judgeOrder([1, 3], 3, [2, 4])).toMatchObject({ expected: 2, delivered: 2, lost: 0 });
  });

  it('does not count what was posted behind the last that counts', () => {
    expect(judgeOrder([1, 2, 3, 5], 2)).toMatchObject({ delivered: 2, lost: 0, outOfOrder: 0 });
  });

  it('adds up', () => {
    expect(sumOf([judgeOrder([1], 2), judgeOrder([1, 1], 1)])).toEqual({
      expected: 3,
      delivered: 2,
      lost: 1,
      twice: 1,
      outOfOrder: 0,
    });
  });
});

describe('The verdict on a return', () => {
  const postedAt = [0, 10, 20, 30];
  const outage = { cutAt: 5, backAt: 25 };

  it('is the time until all was there that had been posted', () => {
    const receipts = [at(1, 1), at(2, 26), at(3, 28), at(4, 31)];

    expect(judgeReturns(receipts, postedAt, [outage])).toEqual([{ awayMs: 20, replayMs: 3 }]);
  });

  it('tells that something never came', () => {
    const receipts = [at(1, 1), at(3, 28), at(4, 31)];

    expect(judgeReturns(receipts, postedAt, [outage])).toEqual([{ awayMs: 20, replayMs: undefined }]);
  });

  it('begins with the first of outages that came before the client had caught up', () => {
    const receipts = [at(1, 1), at(2, 26), at(3, 42), at(4, 43)];

    expect(judgeReturns(receipts, postedAt, [outage, { cutAt: 27, backAt: 40 }])).toEqual([
      { awayMs: 35, replayMs: 3 },
    ]);
  });

  it('does not hold an earlier loss against a later return', () => {
    const receipts = [at(2, 26), at(3, 28)];

    expect(judgeReturns(receipts, postedAt, [outage])[0]!.replayMs).toBe(3);
  });
});

describe('A quantile', () => {
  it('is the value that so many do not exceed', () => {
    expect([quantile([3, 1, 2], 0.5), quantile([3, 1, 2], 0.99), quantile([], 0.5)]).toEqual([2, 3, NaN]);
  });
});

describe('The schedule of outages', () => {
  const plan = { seed: 7, clients: 3, durationMs: 60_000, upMs: 3_000, downMs: [200, 900] as const };

  it('is made again by its seed, and another by another', () => {
    expect(scheduleOf(plan)).toEqual(scheduleOf(plan));
    expect(scheduleOf({ ...plan, seed: 8 })).not.toEqual(scheduleOf(plan));
  });

  it('has outages as long as asked for, one after the other, that end in time', () => {
    for (const outages of scheduleOf(plan)) {
      expect(outages.length).toBeGreaterThan(5);
      let last = 0;
      for (const { cutAtMs, healAtMs } of outages) {
        expect(cutAtMs).toBeGreaterThanOrEqual(last);
        expect(healAtMs - cutAtMs).toBeGreaterThanOrEqual(200);
        expect(healAtMs - cutAtMs).toBeLessThanOrEqual(900.001);
        expect(healAtMs).toBeLessThanOrEqual(60_000);
        last = healAtMs;
      }
    }
  });
});
