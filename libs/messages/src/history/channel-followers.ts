import { Logger } from '@nestjs/common';
import type { StreamGapReason } from '@nestwire/protocol';
import type { HistoryStore, HistoryChannel } from './history-store.js';
import type { DeliveryClass } from '../channel/channel.js';
import type { Clock } from '../scheduling/clock.js';
import { Hub, type Receiver } from '../pubsub/hub.js';
import { lifeOf } from '../scheduling/on-abort.js';
import { slicedWork } from '../scheduling/sliced-work.js';
import type { StoredPublication } from './stored-publication.js';
import { LogLimiter } from '../logging/log-limiter.js';
import { Subscription } from '../pubsub/subscription.js';
import { isSamePosition, type Position } from './position.js';
import type { ChannelFollower, FollowerContext, FollowerCounts, TakeMissed } from './channel-follower.js';
import { HistoryFollower } from './history-follower.js';
import { LatestFollower } from './latest-follower.js';
import { PositionChecks } from './position-checks.js';
import { ReadQueue } from './read-queue.js';

/** The most that one read of a history brings. */
const READ_LIMITS = { messages: 500, bytes: 1_048_576 };

const LINGER_MS = 1_000;

/** A recoverable channel, with how its readers go on. */
export interface FollowedChannel extends HistoryChannel {
  readonly delivery: DeliveryClass;
}

/** Takes what is stored in a channel, synchronously and in order. */
export type StoredReceiver = (publication: StoredPublication) => void;

/** Follows a recoverable channel, from a known place on. */
export class Following extends Subscription {
  constructor(
    private readonly reader: ChannelFollower,
    { channel, remove }: { readonly channel: string; readonly remove: () => void },
    signal?: AbortSignal,
  ) {
    super(channel, remove, signal);
  }

  /** Where all who follow the channel in this process stand; undefined until it could be read. */
  get position(): Position | undefined {
    return this.reader.position;
  }

  /**
   * Finds what leads from a position to where all stand, or for undefined what a newcomer begins with.
   *
   * Where much is missing it is the first part: whoever is not there then asks again. Calls back once, in
   * the turn in which it leads there: maybe before it returns, and while the history cannot be read not
   * before it can. A gap among the publications stands for what is missing.
   */
  recover(since: Position | undefined, take: TakeMissed): void {
    this.reader.recover(since, (missed) => this.removed || take(missed));
  }
}

/** The readers of a process: one for each channel that somebody follows here. */
export class ChannelFollowers {
  readonly counts: FollowerCounts = { reads: 0, refetched: 0, gaps: 0 };
  readonly #backend: HistoryStore;
  readonly #clock: Clock;
  readonly #hub: Hub;
  readonly #limiter = new LogLimiter((line) => new Logger('Messages').warn(line));
  readonly #readers = new Map<string, ChannelFollower>();
  readonly #queue: ReadQueue;
  readonly #checks: PositionChecks;
  /** When the readers that nobody follows any more end; the first one comes first. */
  readonly #lingering = new Map<string, number>();
  #cancelLinger: (() => void) | undefined;

  constructor(backend: HistoryStore, clock: Clock, failed: (channel: string, error: unknown) => void) {
    this.#backend = backend;
    this.#clock = clock;
    this.#hub = new Hub({ desired: () => undefined, unwanted: (channel) => this.#linger(channel), failed });
    this.#queue = new ReadQueue(clock);
    const target = {
      channels: () => this.#readers.keys(),
      heads: (channels: readonly string[]) => backend.heads(channels),
      compare: (channel: string, head: Position | undefined) => this.#compare(channel, head),
    };
    this.#checks = new PositionChecks(target, clock);
    backend.attach({
      stored: (channel, messages) => this.#readers.get(channel)?.stored(messages),
      suspected: (channels) => channels.forEach((channel) => this.#doubt(channel)),
    });
  }

  /** Follows a channel; resolves when its position is known, or cannot be known at the moment. */
  async follow(channel: FollowedChannel, receiver: StoredReceiver, signal?: AbortSignal): Promise<Following> {
    const reader = this.#open(channel);
    const life = signal && lifeOf(signal);
    const whileAlive: StoredReceiver = life
      ? (publication) => void (life.isOver || receiver(publication))
      : receiver;
    const inner = this.#hub.add(channel.name, whileAlive as Receiver);
    const following = new Following(reader, { channel: channel.name, remove: () => inner.remove() }, signal);
    await reader.ready;
    return following;
  }

  /** Lets go of all readers. */
  close(): void {
    this.#checks.close();
    this.#queue.close();
    this.#cancelLinger?.();
    for (const channel of this.#readers.keys()) this.#close(channel);
  }

  #open(channel: FollowedChannel): ChannelFollower {
    this.#lingering.delete(channel.name);
    const present = this.#readers.get(channel.name);
    if (present) return present;
    const reader = this.#makeReader(channel);
    this.#readers.set(channel.name, reader);
    this.#checks.start();
    return reader;
  }

  #makeReader(channel: FollowedChannel): ChannelFollower {
    const confirmed = this.#backend.follow(channel.name);
    const backend = this.#backend;
    const queue = this.#queue;
    const context: FollowerContext = {
      read: (start, limits) => confirmed.then(() => queue.run(() => backend.read(channel, start, limits))),
      clock: this.#clock,
      queue,
      limits: READ_LIMITS,
      deliver: (publication) => this.#hub.deliver(publication),
      gap: (reason) => this.#countGap(channel.name, reason),
      counts: this.counts,
    };
    return channel.delivery === 'latest'
      ? new LatestFollower(channel, context)
      : new HistoryFollower(channel, context);
  }

  #doubt(channel: string): void {
    const reader = this.#readers.get(channel);
    // One that stands nowhere yet has nothing to compare: it reads.
    if (reader?.position) this.#checks.doubt(channel);
    else reader?.doubt();
  }

  #compare(channel: string, head: Position | undefined): void {
    const reader = this.#readers.get(channel);
    if (reader?.position && !(head && isSamePosition(head, reader.position))) reader.doubt();
  }

  #countGap(channel: string, reason: StreamGapReason): void {
    this.counts.gaps++;
    const text = `Messages of channel '${channel}' are missing (${reason}); all who follow it are told by a StreamGap.`;
    this.#limiter.log('gap', text);
  }

  /** Keeps a reader for a moment: whoever comes back then finds it where it stands. */
  #linger(channel: string): void {
    if (!this.#readers.has(channel)) return;
    this.#lingering.set(channel, this.#clock.now() + LINGER_MS);
    this.#cancelLinger ??= this.#clock.after(LINGER_MS, () => this.#closeLingering());
  }

  #closeLingering(): void {
    const rest = slicedWork.forEach(this.#over(), (channel) => this.#close(channel));
    // One job at a time: another would begin with a walk over all that this one has closed.
    if (rest) void rest.then(() => this.#lingerOn());
    else this.#lingerOn();
  }

  #lingerOn(): void {
    this.#cancelLinger = undefined;
    const [first] = this.#lingering;
    if (first) {
      const waitMs = Math.max(1, first[1] - this.#clock.now());
      this.#cancelLinger = this.#clock.after(waitMs, () => this.#closeLingering());
    }
  }

  /** Gives the channels whose readers have lingered long enough. */
  *#over(): Generator<string> {
    for (const [channel, endMs] of this.#lingering) {
      if (endMs > this.#clock.now()) return;
      yield channel;
    }
  }

  #close(channel: string): void {
    const reader = this.#readers.get(channel);
    this.#readers.delete(channel);
    this.#lingering.delete(channel);
    reader?.close();
    this.#backend.unfollow(channel);
    if (this.#readers.size === 0) this.#checks.stop();
  }
}
