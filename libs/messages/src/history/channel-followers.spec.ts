import { FakeClock } from '@nestwire/testing';
import { LocalHistoryStore } from './local-history-store.js';
import type { HistorySink, PageBounds, PageStart, Head } from './history-store.js';
import type { HistoryChannel } from './history-channel.js';
import { SYSTEM_CLOCK } from '../scheduling/clock.js';
import { slicedWork } from '../scheduling/sliced-work.js';
import type { StoredPublication } from './stored-publication.js';
import { ChannelFollowers, type FollowedChannel } from './channel-followers.js';

const CHANNELS = 1_000;
const MAX_READS = 100;
const CHUNK = 100;

/** A history that counts what readers ask of it at the same time, and can be out of reach. */
class CountedHistory extends LocalHistoryStore {
  attachedSink!: HistorySink;
  isReachable = true;
  reads = { now: 0, most: 0, all: 0 };
  asked = { now: 0, most: 0, largest: 0 };

  override attach(sink: HistorySink): void {
    this.attachedSink = sink;
    super.attach(sink);
  }

  override async read(channel: HistoryChannel, start: PageStart, limits: PageBounds) {
    this.reads.all++;
    this.reads.most = Math.max(this.reads.most, ++this.reads.now);
    await turn();
    this.reads.now--;
    if (!this.isReachable) throw new Error('out of reach');
    return super.read(channel, start, limits);
  }

  override async heads(channels: readonly string[]): Promise<readonly Head[]> {
    this.asked.most = Math.max(this.asked.most, ++this.asked.now);
    this.asked.largest = Math.max(this.asked.largest, channels.length);
    await turn();
    this.asked.now--;
    if (!this.isReachable) return channels.map(() => null);
    return super.heads(channels);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function until(fact: () => boolean): Promise<void> {
  while (!fact()) await new Promise((resolve) => setTimeout(resolve, 1));
}

function channelOf(n: number, delivery: 'history' | 'latest'): FollowedChannel {
  return {
    name: `c${n}`,
    history: { messages: 10, ageMs: 600_000 },
    durability: 'memory',
    delivery,
  } as FollowedChannel;
}

describe.each(['history', 'latest'] as const)('The readers of many %s channels', (delivery) => {
  const channels = Array.from({ length: CHANNELS }, (_, n) => channelOf(n, delivery));
  let history: CountedHistory;
  let readers: ChannelFollowers;
  let heard: StoredPublication[];

  beforeEach(() => {
    history = new CountedHistory();
    readers = new ChannelFollowers(history, SYSTEM_CLOCK, () => undefined);
    heard = [];
  });

  afterEach(() => {
    readers.close();
    history.close();
  });

  const followAll = () =>
    Promise.all(channels.map((channel) => readers.follow(channel, (one) => void heard.push(one))));

  it('read at most a hundred histories at a time', async () => {
    await followAll();

    expect(history.reads).toEqual({ now: 0, most: MAX_READS, all: CHANNELS });
  });

  it('compare tops a hundred at a time where all are doubted, and read nothing that has not changed', async () => {
    await followAll();
    const changed = channels.slice(0, 3);
    for (const channel of changed) {
      history.unfollow(channel.name);
      await history.append(channel, [{ id: 'x', type: 't', data: '{}' }]);
    }

    history.attachedSink.suspected(channels.map(({ name }) => name));
    await until(() => heard.length === changed.length);
    await until(() => history.asked.now === 0 && history.reads.now === 0);

    expect(history.asked).toEqual({ now: 0, most: 1, largest: CHUNK });
    expect(history.reads.all).toBe(CHANNELS + changed.length);
  });

  it('try a few reads again while the history is out of reach, and all once it is back', async () => {
    const clock = new FakeClock();
    readers = new ChannelFollowers(history, clock, () => undefined);
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms);
      do await turn();
      while (history.reads.now > 0);
    };
    history.isReachable = false;
    const following = await followAll();
    const first = history.reads.all;
    for (let ms = 0; ms < 500; ms += 10) await pass(10);
    const tried = history.reads.all - first;

    history.isReachable = true;
    for (let ms = 0; ms < 10_000; ms += 100) await pass(100);

    expect(following.every(({ position }) => position !== undefined)).toBe(true);
    expect(tried).toBeGreaterThan(0);
    // Each of the thousand would have been tried several times, with pauses of its own.
    expect(tried).toBeLessThan(CHANNELS / 4);
  });

  it('compare again what could not be compared', async () => {
    await followAll();
    history.isReachable = false;
    const [channel] = channels as [FollowedChannel];
    history.unfollow(channel.name);
    await history.append(channel, [{ id: 'x', type: 't', data: '{}' }]);

    history.attachedSink.suspected(channels.map(({ name }) => name));
    await until(() => history.asked.most === 1 && history.asked.now === 0);
    history.isReachable = true;

    await until(() => heard.length === 1);
    expect(heard[0]!.position.offset).toBe(1);
  });

  it('end after they have lingered, and leave nothing', async () => {
    const unfollowed: string[] = [];
    history.unfollow = (channel) => void unfollowed.push(channel);
    const following = await followAll();

    for (const each of following) each.remove();
    expect(unfollowed).toEqual([]);

    await until(() => unfollowed.length === CHANNELS);
    expect(new Set(unfollowed).size).toBe(CHANNELS);
  });

  it('end as one job, however many turns it takes', async () => {
    let [ended, mostJobs] = [0, 0];
    history.unfollow = () => {
      ended++;
      mostJobs = Math.max(mostJobs, slicedWork.size);
      const end = performance.now() + 0.2;
      while (performance.now() < end);
    };
    const following = await followAll();

    for (const each of following) each.remove();
    await until(() => ended === CHANNELS);

    // A job that goes on in the same turn stands in the queue twice.
    expect(mostJobs).toBeLessThanOrEqual(2);
  });

  it('give nothing to who has ended, removed or not', async () => {
    const ended = new AbortController();
    const [channel] = channels as [FollowedChannel];
    await readers.follow(channel, (one) => void heard.push(one), ended.signal);

    ended.abort();
    await history.append(channel, [{ id: 'x', type: 't', data: '{}' }]);

    expect(heard).toEqual([]);
  });
});
