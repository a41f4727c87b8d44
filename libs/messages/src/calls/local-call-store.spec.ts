import { FakeClock } from '@nestwire/testing';
import { LocalCallStore } from './local-call-store.js';

const MAX_CALLS = 10_000;
const TTL_MS = 500;

const created = (store: LocalCallStore, key: string) =>
  store.create({ key, owner: 'server', request: 'r', ttlMs: TTL_MS });

describe('The store of calls in a process', () => {
  it('stores a call again under a key whose time is over', async () => {
    const clock = new FakeClock();
    const store = new LocalCallStore(clock);
    await created(store, 'a');

    expect(await created(store, 'a')).toBe(false);
    clock.advance(TTL_MS);
    expect(await created(store, 'a')).toBe(true);
  });

  it('makes room for new calls a second after the last search at the latest', async () => {
    const clock = new FakeClock();
    const store = new LocalCallStore(clock);
    for (let at = 0; at < MAX_CALLS; at++) await created(store, `${at}`);

    await expect(created(store, 'more')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    clock.advance(1_000);
    expect(await created(store, 'more')).toBe(true);
    expect(store.size).toBe(1);
  });

  it('does not pass all calls for each new one', async () => {
    const clock = new FakeClock();
    const store = new LocalCallStore(clock);
    let passes = 0;
    const { calls } = store as unknown as { calls: Map<string, unknown> };
    const iterator = calls[Symbol.iterator].bind(calls);
    calls[Symbol.iterator] = () => (passes++, iterator());
    for (let at = 0; at < 100; at++) await created(store, `${at}`);

    expect(passes).toBe(1);
  });
});
