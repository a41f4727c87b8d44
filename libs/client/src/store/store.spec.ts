import { jest } from '@jest/globals';
import { createSender } from './sender.js';
import { sourceStore, type StoreOptions } from './store.js';

/** A source that a test drives, and its starts and ends. */
function rig(options?: StoreOptions) {
  const log: string[] = [];
  let publish!: (value: number) => void;
  const store = sourceStore(
    0,
    (set) => {
      log.push('start');
      publish = set;
      return () => log.push('end');
    },
    options,
  );
  return { log, store, publish: (value: number) => publish(value) };
}

describe('A store', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('starts its source with the first subscriber, and ends it 5 s after the last', () => {
    const { store, log } = rig();

    const leave = [store.subscribe(() => {}), store.subscribe(() => {})];
    leave[0]!();
    jest.advanceTimersByTime(10_000);
    expect(log).toEqual(['start']);
    leave[1]!();
    jest.advanceTimersByTime(4_999);
    expect(log).toEqual(['start']);
    jest.advanceTimersByTime(1);

    expect(log).toEqual(['start', 'end']);
  });

  it('goes on when a subscriber returns in time, and begins again when it returns later', () => {
    const { store, log, publish } = rig({ keepMs: 100 });
    store.subscribe(() => {})();
    publish(1);
    jest.advanceTimersByTime(99);

    const leave = store.subscribe(() => {});
    expect([store.get(), log]).toEqual([1, ['start']]);
    leave();
    leave();
    jest.advanceTimersByTime(100);
    store.subscribe(() => {});

    expect([store.get(), log]).toEqual([0, ['start', 'end', 'start']]);
  });

  it('never ends with an infinite keepMs', () => {
    const { store, log } = rig({ keepMs: Infinity });
    store.subscribe(() => {})();
    jest.advanceTimersByTime(1e9);

    expect(log).toEqual(['start']);
  });

  it('calls back once for a burst, and its value changes with the call only', () => {
    const { store, publish } = rig();
    const seen: number[] = [];
    store.subscribe(() => seen.push(store.get()));

    for (const value of [1, 2, 3]) publish(value);
    expect([store.get(), seen]).toEqual([0, []]);
    jest.advanceTimersByTime(1);
    publish(3);
    jest.advanceTimersByTime(1);

    expect(seen).toEqual([3]);
  });

  it('calls the other subscribers when one throws, and warns', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { store, publish } = rig();
    const failure = new Error('unreadable');
    const seen: number[] = [];
    store.subscribe(() => {
      throw failure;
    });
    store.subscribe(() => seen.push(store.get()));

    publish(1);
    jest.advanceTimersByTime(1);

    expect(seen).toEqual([1]);
    expect(warn.mock.calls).toEqual([['nestwire: a listener threw', failure]]);
    warn.mockRestore();
  });
});

describe('A sender', () => {
  it('counts messages without an answer, keeps the last error, and never rejects', async () => {
    const answers: Array<(error?: Error) => void> = [];
    const { state, send } = createSender<string>({
      sendStreamMessage: () =>
        new Promise((resolve, reject) => answers.push((error) => (error ? reject(error) : resolve()))),
    });
    const failure = new Error('refused');

    const results = [send('one'), send('two')];
    expect(state.get()).toEqual({ pending: 2, error: undefined });
    answers[0]!(failure);
    answers[1]!();

    expect(await Promise.all(results)).toEqual([false, true]);
    expect(state.get()).toEqual({ pending: 0, error: failure });
    void send('three');
    expect(state.get()).toEqual({ pending: 1, error: undefined });
  });
});
