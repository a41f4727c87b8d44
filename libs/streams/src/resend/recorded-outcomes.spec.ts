import { RecordedOutcomes, type CallOutcome } from './recorded-outcomes.js';

const reply = (text: string): CallOutcome => ({ reply: text, subprotocol: 'nestwire.v1.json' });
const failure: CallOutcome = { error: { code: 'SOLD_OUT', message: 'none' } };

const removeOldest = (outcomes: RecordedOutcomes) => {
  const id = outcomes.oldestId;
  return { id, bytes: outcomes.removeOldest() };
};

describe('The recorded outcomes', () => {
  it('are found by the id of their call, the latest first', () => {
    const outcomes = new RecordedOutcomes(3);
    outcomes.add(1, reply('a'), 10);
    outcomes.add(2, failure, 20);
    outcomes.add(1, reply('b'), 10);

    expect([outcomes.find(1), outcomes.find(2), outcomes.find(3)]).toEqual([reply('b'), failure, undefined]);
    expect(outcomes.isFull).toBe(true);
  });

  it('leave in the order in which they came, also when slots are used again', () => {
    const outcomes = new RecordedOutcomes(2);
    const removed: number[] = [];
    for (let id = 1; id <= 7; id++) {
      if (outcomes.isFull) removed.push(removeOldest(outcomes).id);
      outcomes.add(id, id % 2 ? reply(`${id}`) : failure, id);
    }

    expect(removed).toEqual([1, 2, 3, 4, 5]);
    expect([5, 6, 7].map((id) => outcomes.find(id))).toEqual([undefined, failure, reply('7')]);
    expect(removeOldest(outcomes)).toEqual({ id: 6, bytes: 6 });
    expect(outcomes.size).toBe(1);
  });
});
