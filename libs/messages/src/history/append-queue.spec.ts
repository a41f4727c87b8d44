import { FakeClock } from '@nestwire/testing';
import { LocalHistoryStore, type Draft, type HistoryChannel, type Stored } from '../backend.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { AppendQueue } from './append-queue.js';

const channel: HistoryChannel = {
  name: 'a',
  history: { messages: 100, ageMs: 60_000 },
  durability: 'memory',
};
const LIMITS = { maxPendingPosts: 1_000, maxPendingBytes: 1_000_000 };
const ALL = { messages: 1_000, bytes: 1_000_000 };

type Fault = 'before' | 'after' | 'refused' | 'none';

/** A history in memory whose attempts end as a test says: unknown before or after storing, or refused. */
class ShakyHistory extends LocalHistoryStore {
  readonly attempts: string[][] = [];
  faults: Fault[] = [];

  override async append(to: HistoryChannel, drafts: readonly Draft[]): Promise<readonly Stored[]> {
    this.attempts.push(drafts.map(({ id }) => id));
    const fault = this.faults.shift() ?? 'none';
    if (fault === 'refused') throw new MessagesError(MessagesErrorCode.Unavailable, 'refused');
    if (fault === 'before') throw new MessagesError(MessagesErrorCode.Uncertain, 'no answer');
    const stored = await super.append(to, drafts);
    if (fault === 'after') throw new MessagesError(MessagesErrorCode.Uncertain, 'no answer');
    return stored;
  }
}

let clock: FakeClock;
let history: ShakyHistory;

beforeEach(() => {
  clock = new FakeClock();
  history = new ShakyHistory(clock);
});

const queue = (limits = LIMITS) => new AppendQueue(history, clock, limits);
const message = (text: string) => ({ type: 't', data: JSON.stringify({ text }) });
const storedIds = async () => (await history.read(channel, { last: 100 }, ALL)).messages.map(({ id }) => id);

/** Lets what waits for no time go on, then moves time. */
async function pass(ms = 0): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  clock.advance(ms);
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

describe('The queue of a channel', () => {
  it('stores what a turn posts in one attempt, in order', async () => {
    const posts = queue();
    const results = await Promise.all(['1', '2', '3'].map((id) => posts.append(channel, id, message(id))));

    expect(history.attempts).toEqual([['1', '2', '3']]);
    expect(results.map(({ position }) => position.offset)).toEqual([1, 2, 3]);
  });

  it.each(['before', 'after'] as const)(
    'tries again with the same ids when the end is unknown, %s storing',
    async (fault) => {
      history.faults = [fault];
      const posts = queue();
      const first = posts.append(channel, '1', message('1'));
      await pass();
      const second = posts.append(channel, '2', message('2'));
      await pass(1_000);

      expect((await first).isDuplicate).toBe(fault === 'after');
      expect((await second).position.offset).toBe(2);
      expect(history.attempts).toEqual([['1'], ['1'], ['2']]);
      expect(await storedIds()).toEqual(['1', '2']);
    },
  );

  it('gives up after four attempts, and names the message', async () => {
    history.faults = Array.from({ length: 4 }, () => 'after');
    const post = queue().append(channel, '1', message('1'));
    const failure = post.catch((error: unknown) => error);
    for (let attempt = 0; attempt < 4; attempt++) await pass(1_000);

    expect(await failure).toMatchObject({ code: 'UNCERTAIN', messageId: '1' });
    expect(history.attempts).toHaveLength(4);
    expect(await storedIds()).toEqual(['1']);
  });

  it('does not try again what was refused', async () => {
    history.faults = ['refused'];

    await expect(queue().append(channel, '1', message('1'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      messageId: '1',
    });
    expect(history.attempts).toHaveLength(1);
  });

  it('does not call refused what an attempt before may have stored', async () => {
    history.faults = ['after', 'refused', 'refused', 'refused'];
    const failure = queue()
      .append(channel, '1', message('1'))
      .catch((error: unknown) => error);
    for (let attempt = 0; attempt < 4; attempt++) await pass(1_000);

    expect(await failure).toMatchObject({ code: 'UNCERTAIN' });
  });

  it('refuses beyond its bounds, without storing', async () => {
    const posts = queue({ maxPendingPosts: 2, maxPendingBytes: 1_000 });
    const [one, two, three] = ['1', '2', '3'].map((id) => posts.append(channel, id, message(id)));

    await expect(three).rejects.toMatchObject({ code: 'OVERLOADED', messageId: '3' });
    await Promise.all([one, two]);
    expect(await storedIds()).toEqual(['1', '2']);
    await expect(posts.append(channel, '4', message('4'))).resolves.toMatchObject({ isDuplicate: false });
    await expect(posts.settled()).resolves.toBeUndefined();
  });
});
