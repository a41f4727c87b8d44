import { CallTable } from './call-table.js';

const callsOf = (ids: readonly number[]) => ids.map((id) => ({ id }));

/** Numbers below a limit that look random, the same in each run. */
function* numbersBelow(limit: number): Generator<number, never> {
  for (let state = 1; ;) {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    yield Math.floor((state / 2 ** 32) * limit);
  }
}

describe('The table of calls', () => {
  it('finds each call by its id, and lists them in the order added', () => {
    const table = new CallTable();
    const calls = callsOf([7, 3, 900_000_000, 1]);
    for (const call of calls) table.add(call);

    expect(calls.map(({ id }) => table.get(id))).toEqual(calls);
    expect([table.get(2), table.size, table.all()]).toEqual([undefined, 4, calls]);
  });

  it('keeps a later call with the id of a removed one', () => {
    const table = new CallTable();
    const [first, second] = callsOf([5, 5]) as [{ id: number }, { id: number }];
    table.add(first);
    table.delete(first);
    table.add(second);
    table.delete(first);

    expect([table.get(5), table.size]).toEqual([second, 1]);
  });

  it('agrees with a Map after any additions and removals', () => {
    const table = new CallTable();
    const known = new Map<number, { id: number }>();
    const numbers = numbersBelow(64);
    for (let step = 0; step < 20_000; step++) {
      // Distances of many slots make calls meet in the slots.
      const id = 1 + numbers.next().value * (step % 2 ? 1 : 65_536);
      const call = known.get(id);
      if (call) {
        known.delete(id);
        table.delete(call);
      } else {
        known.set(id, { id });
        table.add(known.get(id)!);
      }
      expect(table.get(id)).toBe(known.get(id));
    }

    expect(table.all()).toEqual([...known.values()]);
    expect(table.size).toBe(known.size);
  });

  it('takes no more slots when calls replace each other', () => {
    const table = new CallTable();
    const slotsAfter = (rounds: number) => {
      for (let id = 1; id <= rounds; id++) {
        const call = { id };
        table.add(call);
        table.delete(call);
      }
      return (table as unknown as { slots: unknown[] }).slots;
    };
    const slots = slotsAfter(1);

    expect(slotsAfter(10_000)).toBe(slots);
    expect(slots.every((call) => call === undefined)).toBe(true);
  });
});
