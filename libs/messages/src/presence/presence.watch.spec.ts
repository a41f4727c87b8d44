import { FakeClock } from '@nestwire/testing';
import type { PresenceDelta, PresenceEntry, PresenceState } from './presence.backend.js';
import { PresenceWatch, type PresenceChange } from './presence.watch.js';

const PATIENCE_MS = 15_000;
const entry = (server: string, id: string, userId: string | null = null): PresenceEntry => ({
  server,
  id,
  userId,
  number: 1,
  data: '',
});
const stateOf = (epoch: string, number: number, ...entries: PresenceEntry[]): PresenceState => ({
  epoch,
  number,
  entries,
  lost: new Set(),
});
const deltaOf = (
  epoch: string,
  number: number,
  { set = [], removed = [] }: Partial<PresenceDelta>,
): PresenceDelta => ({
  channel: 'room',
  epoch,
  number,
  set,
  removed,
});

function watchOf(first: PresenceState) {
  const clock = new FakeClock();
  const told: string[] = [];
  const at = { state: first, reads: 0, isAway: false };
  const watch = new PresenceWatch({
    channel: 'room',
    clock,
    patienceMs: PATIENCE_MS,
    read: async () => {
      at.reads++;
      if (at.isAway) throw new Error('away');
      return at.state;
    },
    emit: (change: PresenceChange) => told.push(`${change.$type.split('.').pop()} ${change.id}`),
  });
  return { watch, clock, told, at };
}

describe('A watch of presence', () => {
  it('tells nothing of those who are there when it begins', async () => {
    const { watch, told } = watchOf(stateOf('e', 3, entry('s', '1', 'ada')));
    await watch.read();

    expect(told).toEqual([]);
  });

  it('tells of a user with the first connection and with the last, and of each connection of nobody', async () => {
    const { watch, told, at } = watchOf(stateOf('e', 1));
    await watch.read();
    watch.take(deltaOf('e', 2, { set: [entry('s', '1', 'ada')] }));
    watch.take(deltaOf('e', 3, { set: [entry('t', '2', 'ada'), entry('t', '3'), entry('t', '4')] }));
    watch.take(deltaOf('e', 4, { removed: ['s|1', 't|3'] }));
    watch.take(deltaOf('e', 5, { removed: ['t|2', 'unknown'] }));

    expect(told).toEqual(['joined ada', 'joined 3', 'joined 4', 'left 3', 'left ada']);
    expect(at.reads).toBe(1);
  });

  it('passes over what it has, and reads where a delta is missing', async () => {
    const { watch, told, at } = watchOf(stateOf('e', 5));
    await watch.read();
    watch.take(deltaOf('e', 4, { set: [entry('s', '1', 'old')] }));
    at.state = stateOf('e', 7, entry('s', '2', 'ada'), entry('s', '3', 'bob'));
    watch.take(deltaOf('e', 7, { set: [entry('s', '3', 'bob')] }));
    await watch.read();
    watch.take(deltaOf('e', 6, { set: [entry('s', '2', 'ada')] }));

    expect(told).toEqual(['joined ada', 'joined bob']);
    expect(at.reads).toBe(2);
  });

  it('keeps what comes while it reads', async () => {
    const { watch, told } = watchOf(stateOf('e', 1));
    const reading = watch.read();
    watch.take(deltaOf('e', 1, {}));
    watch.take(deltaOf('e', 2, { set: [entry('s', '1', 'ada')] }));
    await reading;

    expect(told).toEqual(['joined ada']);
  });

  it('says that somebody left with another user on the same connection', async () => {
    const { watch, told } = watchOf(stateOf('e', 1, entry('s', '1', 'ada')));
    await watch.read();
    watch.take(deltaOf('e', 2, { set: [entry('s', '1')] }));

    expect(told).toEqual(['joined 1', 'left ada']);
  });

  it('gives those time to return whom the cluster has lost', async () => {
    const users = [entry('s', '1', 'ada'), entry('t', '2', 'bob'), entry('t', '3', 'cyd')];
    const { watch, told, clock, at } = watchOf(stateOf('e', 9, ...users));
    await watch.read();
    at.state = stateOf('f', 1, entry('s2', '1', 'ada'));
    await watch.compare({ epoch: 'f', number: 1 });
    watch.take(deltaOf('f', 2, { set: [entry('t2', '2', 'bob')] }));
    clock.advance(PATIENCE_MS - 1);
    await watch.compare({ epoch: 'f', number: 2 });

    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual(['left cyd']);
  });

  it('gives them that time too when it could not read at first', async () => {
    const { watch, told, clock, at } = watchOf(stateOf('e', 9, entry('s', '1', 'ada')));
    await watch.read();
    at.isAway = true;
    await watch.compare({ epoch: 'e', number: 10 });
    Object.assign(at, { isAway: false, state: stateOf('f', 1, entry('t', '2', 'bob')) });
    await watch.compare({ epoch: 'f', number: 1 });

    expect(told).toEqual(['joined bob']);
    clock.advance(PATIENCE_MS);
    expect(told).toEqual(['joined bob', 'left ada']);
  });

  it('tells at once of those who are missing in the same epoch', async () => {
    const { watch, told, at } = watchOf(stateOf('e', 9, entry('s', '1', 'ada')));
    await watch.read();
    at.state = stateOf('e', 11);
    await watch.compare({ epoch: 'e', number: 11 });

    expect(told).toEqual(['left ada']);
  });

  it('reads again after it could not', async () => {
    const { watch, told, at } = watchOf(stateOf('e', 1, entry('s', '1', 'ada')));
    await watch.read();
    at.isAway = true;
    watch.take(deltaOf('e', 3, {}));
    await watch.read();
    Object.assign(at, { isAway: false, state: stateOf('e', 3) });
    await watch.compare({ epoch: 'e', number: 3 });

    expect(told).toEqual(['left ada']);
  });
});
