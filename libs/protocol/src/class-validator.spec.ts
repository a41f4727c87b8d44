import { IsNumber, validateSync } from 'class-validator';
import { bigIntConstraintOf, IsBigInt, MaxBigInt, MinBigInt } from './class-validator.js';

class Transfer {
  @IsBigInt() @MinBigInt(1n) @MaxBigInt(10n ** 18n) amount: unknown = 5n;
  @IsBigInt({ each: true }) @MinBigInt(0n, { each: true }) parts: unknown = [1n, 2n];
  @IsBigInt({ message: 'not this $property' }) named: unknown = 1n;
}

function messagesOf(change: object): string[] {
  const errors = validateSync(Object.assign(new Transfer(), change));
  return errors.flatMap(({ constraints }) => Object.values(constraints!));
}

describe('The constraints of big integers', () => {
  it('accept big integers within their limits', () => {
    expect(messagesOf({})).toEqual([]);
    expect(messagesOf({ amount: 10n ** 18n, parts: new Set([0n]) })).toEqual([]);
  });

  it.each([
    [{ amount: 0n }, ['amount must not be less than 1']],
    [{ amount: 10n ** 18n + 1n }, [`amount must not be greater than ${10n ** 18n}`]],
    [
      { amount: 5 },
      [
        `amount must not be greater than ${10n ** 18n}`,
        'amount must not be less than 1',
        'amount must be a bigint',
      ],
    ],
    [{ parts: [1n, -1n] }, ['each value in parts must not be less than 0']],
    [
      { parts: [1n, '2'] },
      ['each value in parts must not be less than 0', 'each value in parts must be a bigint'],
    ],
    [{ named: null }, ['not this named']],
  ])('refuse %p in the words of class-validator', (change, messages) => {
    expect(messagesOf(change)).toEqual(messages);
  });

  it.each([
    ['@MinBigInt', () => MinBigInt(5 as never)],
    ['@MaxBigInt', () => MaxBigInt('5' as never)],
  ])('need a bigint for a limit of %s', (name, decorate) => {
    expect(decorate).toThrow(new RegExp(`${name}\\(\\): the limit must be a bigint, such as 5n; got 5`));
  });

  it('are distinguished from others', () => {
    expect(bigIntConstraintOf(IsNumber)).toBeUndefined();
    expect(bigIntConstraintOf(undefined)).toBeUndefined();
  });
});
