import { FakeClock } from '@nestwire/testing';
import type { HistoryChannel } from './history.backend.js';
import { LocalHistory } from './local.history.js';

const channel = (name: string): HistoryChannel => ({
  name,
  history: { messages: 1, ageMs: 60_000 },
  durability: 'memory',
});

it('A history in memory forgets the oldest channels that nobody follows, beyond a hundred thousand', async () => {
  const history = new LocalHistory(new FakeClock());
  history.attach({ stored: () => undefined, doubted: () => undefined });
  await history.follow('0');
  for (let name = 0; name <= 100_001; name++)
    await history.append(channel(`${name}`), [{ id: 'x', type: 't', data: '{}' }]);

  const tops = await history.tops(['0', '1', '2', '3', '100001']);
  history.close();

  expect(tops.map((top) => top?.offset)).toEqual([1, undefined, undefined, 1, 1]);
});
