import { shrink } from './shrink.js';

const RUN = Array.from({ length: 60 }, (_, index) => index);
const AN_HOUR_MS = 3_600_000;

/** Fails for each run that contains all of these items. */
const needs =
  (...items: number[]) =>
  (run: readonly number[]) =>
    Promise.resolve(items.every((item) => run.includes(item)));

describe('A failing run', () => {
  it.each([[[]], [[0]], [[59]], [[3, 17, 18, 41]], [RUN]])(
    'keeps the items that it needs: %j',
    async (items) => {
      expect(await shrink(RUN, needs(...items), AN_HOUR_MS)).toEqual(items);
    },
  );

  it('is played less often than it has items', async () => {
    let plays = 0;
    const fails = (run: readonly number[]) => (plays++, needs(3, 17, 18, 41)(run));
    await shrink(RUN, fails, AN_HOUR_MS);

    expect(plays).toBeLessThan(RUN.length);
  });

  it('stays as it is when there is no time', async () => {
    expect(await shrink(RUN, needs(3), 0)).toEqual(RUN);
  });
});
