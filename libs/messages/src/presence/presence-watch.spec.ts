import type { PresenceMembers } from '@nestwire/protocol';
import { FakeClock } from '@nestwire/testing';
import type { PresenceDelta, PresenceEntry, PresenceState } from './presence-store.js';
import { BEFORE_ALL, AFTER_ALL, MAX_PAGE_BYTES, MAX_PAGE_MEMBERS } from './member-pages.js';
import { PresenceWatch, type WatchedChange } from './presence-watch.js';

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
  const at = { state: first, reads: 0, isAway: false, renewals: 0 };
  const watch = new PresenceWatch({
    channel: 'room',
    clock,
    patienceMs: PATIENCE_MS,
    read: async () => {
      at.reads++;
      if (at.isAway) throw new Error('away');
      return at.state;
    },
    emit: ({ message }: WatchedChange) => told.push(`${message.$type.split('.').pop()} ${message.id}`),
    renewed: () => at.renewals++,
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

  it('reads a few times at once where notices are junk, then with pauses, and misses nothing', async () => {
    const { watch, clock, told, at } = watchOf(stateOf('e', 1));
    await watch.read();
    const turn = () => new Promise(setImmediate);
    for (let number = 0; number < 500; number++) {
      watch.take(deltaOf('e', 1_000 + number, {}));
      if (number % 50 === 0) await turn();
    }
    await turn();
    const { reads } = at;
    expect(reads).toBeLessThanOrEqual(1 + 5);

    at.state = stateOf('e', 3, entry('s', '1', 'ada'), entry('s', '2', 'bob'));
    watch.take(deltaOf('e', 3, { set: [entry('s', '2', 'bob')] }));
    clock.advance(200);
    await turn();
    expect(at.reads).toBe(reads + 1);
    watch.take(deltaOf('e', 4, { removed: ['s|1'] }));
    expect(told).toEqual(['joined ada', 'joined bob', 'left ada']);
    expect(at.reads).toBe(reads + 1);
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

  it('reports other data of a member, and that of the connection before when the latest has gone', async () => {
    const { watch, told } = watchOf(stateOf('e', 1, { ...entry('s', '1', 'ada'), data: '1' }));
    await watch.read();
    const second = { ...entry('t', '2', 'ada'), number: 2, data: '2' };
    watch.take(deltaOf('e', 2, { set: [second] }));
    watch.take(deltaOf('e', 3, { set: [{ ...entry('s', '1', 'ada'), number: 3, data: '2' }] }));
    watch.take(deltaOf('e', 4, { removed: ['t|2'] }));
    watch.take(deltaOf('e', 5, { set: [{ ...entry('s', '1', 'ada'), number: 5, data: '3' }] }));

    expect(told).toEqual(['updated ada', 'updated ada']);
    expect(membersOf(watch)).toEqual([{ id: 'ada', userId: 'ada', data: 3 }]);
  });

  it('keeps members for a lease when the number of the same epoch went back', async () => {
    const { watch, told, at, clock } = watchOf(
      stateOf('e', 9, entry('s', '1', 'ada'), entry('s', '2', 'bob')),
    );
    await watch.read();
    at.state = stateOf('e', 8, entry('s', '1', 'ada'));
    await watch.compare({ epoch: 'e', number: 8 });
    expect([told, at.renewals, membersOf(watch).length]).toEqual([[], 2, 2]);
    clock.advance(PATIENCE_MS);

    expect(told).toEqual(['left bob']);
  });

  it('has the members read again when it knows them first and after a loss, not after a gap', async () => {
    const { watch, at } = watchOf(stateOf('e', 1, entry('s', '1', 'ada')));
    await watch.read();
    expect(at.renewals).toBe(1);
    at.state = stateOf('e', 3);
    await watch.compare({ epoch: 'e', number: 3 });
    expect(at.renewals).toBe(1);
    at.state = stateOf('e', 4, entry('s', '2', 'bob'));
    await watch.compare({ epoch: 'e', number: 4 });
    at.state = stateOf('f', 1);
    await watch.compare({ epoch: 'f', number: 1 });

    expect(at.renewals).toBe(2);
  });

  it('gives pages of bounded length, and one member whatever its size', async () => {
    const many = Array.from({ length: 2 * MAX_PAGE_MEMBERS + 1 }, (_, at) => ({
      ...entry('s', `${at}`),
      number: at,
    }));
    const large = Array.from({ length: 3 }, (_, at) => ({
      ...entry('s', `large-${at}`),
      number: 1_000 + at,
      data: JSON.stringify('x'.repeat(MAX_PAGE_BYTES)),
    }));
    const { watch } = watchOf(stateOf('e', 1, ...large, ...many));
    await watch.read();

    expect(pagesOf(watch).map(({ members }) => members.length)).toEqual([100, 100, 1, 1, 1, 1]);
    expect(membersOf(watch).map(({ id }) => id)).toEqual([...many, ...large].map(({ id }) => id));
    expect(pagesOf(watch).map(({ isFirst }) => isFirst)).toEqual([true, false, false, false, false, false]);
    expect(pagesOf(watch).map(({ isLast }) => isLast)).toEqual([false, false, false, false, false, true]);
  });

  it('gives one page of an empty channel', async () => {
    const { watch } = watchOf(stateOf('', 0));
    await watch.read();

    expect(pagesOf(watch)).toMatchObject([{ members: [], isFirst: true, isLast: true }]);
  });

  it('encodes a page once for all who read it at the same state', async () => {
    const { watch } = watchOf(stateOf('e', 1, entry('s', '1', 'ada')));
    await watch.read();
    const page = watch.pageAfter(BEFORE_ALL);
    expect(watch.pageAfter(BEFORE_ALL)).toBe(page);
    watch.take(deltaOf('e', 2, { removed: ['s|1'] }));

    expect(watch.pageAfter(BEFORE_ALL)).not.toBe(page);
  });

  it('sets no timer after it was closed', async () => {
    const { watch, at, clock } = watchOf(stateOf('e', 1, entry('s', '1', 'ada')));
    await watch.read();
    at.state = stateOf('f', 1);
    const reading = watch.read();
    watch.close();
    await reading;

    expect(clock.pending).toBe(0);
  });
});

function pagesOf(watch: PresenceWatch): PresenceMembers[] {
  const pages: PresenceMembers[] = [];
  for (let at = BEFORE_ALL; at !== AFTER_ALL;) {
    const { publication, end } = watch.pageAfter(at);
    pages.push(publication.message as PresenceMembers);
    at = end;
  }
  return pages;
}

function membersOf(watch: PresenceWatch) {
  return pagesOf(watch).flatMap(({ members }) => members);
}
