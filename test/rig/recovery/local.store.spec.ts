import type { HistoryChannel } from '@nestwire/messages/backend';
import { FakeClock } from '@nestwire/testing';
import { LocalStore } from './local.store.js';

const CHANNEL: HistoryChannel = {
  name: 'long:1',
  history: { messages: 10, ageMs: 60_000 },
  durability: 'memory',
};
/** More than a branch takes to begin. */
const MAX_TURNS = 40;

describe('The store in memory', () => {
  it('lets go of a branch that a reader began while another one was restored', async () => {
    for (let turns = 0; turns < MAX_TURNS; turns++) {
      const clock = new FakeClock();
      const store = new LocalStore(clock);
      const { history } = store.open();
      const read = () => history.read(CHANNEL, { last: 0 }, { messages: 1, bytes: 1 });
      const { head } = await read();
      await history.append(CHANNEL, [{ id: 'm1', type: 'note', data: '{}' }]);
      const restore = await store.save(CHANNEL.name);

      const restored = restore();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await Promise.all([read(), restored]);

      expect(await store.head(CHANNEL.name)).toEqual({ epoch: head.epoch, offset: 1, id: 'm1' });
      await store.forget([CHANNEL.name]);
      expect(clock.pending).toBe(0);
    }
  });
});
