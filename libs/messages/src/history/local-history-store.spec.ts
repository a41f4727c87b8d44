import { FakeClock } from '@nestwire/testing';
import type { HistoryChannel } from './history-channel.js';
import { LocalHistoryStore } from './local-history-store.js';

const channel = (name: string): HistoryChannel => ({
  name,
  history: { messages: 1, ageMs: 60_000 },
  durability: 'memory',
});

it('A history in memory forgets the oldest channels that nobody follows, beyond a hundred thousand', async () => {
  const history = new LocalHistoryStore(new FakeClock());
  history.attach({ stored: () => undefined, suspected: () => undefined });
  await history.follow('0');
  for (let name = 0; name <= 100_001; name++)
    await history.append(channel(`${name}`), [{ id: 'x', type: 't', data: '{}' }]);

  const heads = await history.heads(['0', '1', '2', '3', '100001']);
  history.close();

  expect(heads.map((head) => head?.offset)).toEqual([1, undefined, undefined, 1, 1]);
});
