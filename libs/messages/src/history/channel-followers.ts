import { Logger } from '@nestjs/common';
import type { StreamGapReason } from '@nestwire/protocol';
import type { HistoryStore, PageStart } from './history-store.js';
import type { HistoryChannel } from './history-channel.js';
import type { DeliveryClass } from '../channel/channel.js';
import type { Clock } from '../scheduling/clock.js';
import { Hub, type Receiver } from '../pubsub/hub.js';
import { lifeOf } from '../scheduling/on-abort.js';
import { slicedWork } from '../scheduling/sliced-work.js';
import type { StoredPublication } from './stored-publication.js';
import { LogLimiter } from '../logging/log-limiter.js';
import { Subscription } from '../pubsub/subscription.js';
import { isSamePosition, positionOf, type Position } from './position.js';
import {
  publicationOf,
  type ChannelFollower,
  type FollowerContext,
  type FollowerCounts,
  type TakeMissed,
} from './channel-follower.js';
import { HistoryFollower } from './history-follower.js';
import { LatestFollower } from './latest-follower.js';
import { PositionChecks } from './position-checks.js';
import { ReadQueue } from './read-queue.js';
import type { StoredMessage } from './stored-message.js';

/** The limits of one read of a history. */
const READ_LIMITS = { messages: 500, bytes: 1_048_576 };

const LINGER_MS = 1_000;

/** A recoverable channel with its delivery class. */
export interface FollowedChannel extends HistoryChannel {
  readonly delivery: DeliveryClass;
}

/** Receives the publications of a recoverable channel, synchronously and in order. */
export type StoredReceiver = (publication: StoredPublication) => void;

/** A subscription to a recoverable channel, with its position. */
export class Following extends Subscription {
  constructor(
    private readonly follower: ChannelFollower,
    { channel, remove }: { readonly channel: string; readonly remove: () => void },
    signal?: AbortSignal,
  ) {
    super(channel, remove, signal);
  }

  /** The position of all subscribers of this process; undefined before the first read. */
  get position(): Position | undefined {
    return this.follower.position;
  }

  /**
   * Finds the publications between a position and `position`; for undefined those of a new subscriber.
   *
   * If much is missing, the callback gets the first part, and the caller asks again. The callback runs once,
   * in a turn in which its publications lead to `position`, possibly before the call returns. While the
   * history cannot be read, it waits. A gap stands for missing messages.
   */
  recover(since: Position | undefined, take: TakeMissed): void {
    this.follower.recover(since, (missed) => this.removed || take(missed));
  }
}

/** The followers of a process: one for each recoverable channel with subscribers. */
export class ChannelFollowers {
  readonly counts: FollowerCounts = { reads: 0, refetched: 0, gaps: 0 };
  private readonly history: HistoryStore;
  private readonly clock: Clock;
  private readonly hub: Hub;
  private readonly limiter = new LogLimiter((line) => new Logger('Messages').warn(line));
  private readonly followers = new Map<string, ChannelFollower>();
  private readonly queue: ReadQueue;
  private readonly checks: PositionChecks;
  /** The end times of followers without subscribers; the earliest first. */
  private readonly lingering = new Map<string, number>();
  private cancelLinger: (() => void) | undefined;

  constructor(history: HistoryStore, clock: Clock, failed: (channel: string, error: unknown) => void) {
    this.history = history;
    this.clock = clock;
    this.hub = new Hub({ desired: () => undefined, unwanted: (channel) => this.linger(channel), failed });
    this.queue = new ReadQueue(clock);
    const target = {
      channels: () => this.followers.keys(),
      heads: (channels: readonly string[]) => history.heads(channels),
      compare: (channel: string, head: Position | undefined) => this.compare(channel, head),
    };
    this.checks = new PositionChecks(target, clock);
    history.attach({
      stored: (channel, messages) => this.followers.get(channel)?.stored(messages),
      suspected: (channels) => channels.forEach((channel) => this.markSuspect(channel)),
    });
  }

  /** Subscribes to a channel; resolves when its position is known, or cannot be known now. */
  async follow(channel: FollowedChannel, receiver: StoredReceiver, signal?: AbortSignal): Promise<Following> {
    const follower = this.open(channel);
    const life = signal && lifeOf(signal);
    const whileAlive: StoredReceiver = life
      ? (publication) => void (life.isOver || receiver(publication))
      : receiver;
    const inner = this.hub.add(channel.name, whileAlive as Receiver);
    const following = new Following(
      follower,
      { channel: channel.name, remove: () => inner.remove() },
      signal,
    );
    await follower.ready;
    return following;
  }

  /** Reads the last publications of a channel, the oldest first, in the queue of all reads. */
  async last(channel: HistoryChannel, count: number): Promise<readonly StoredPublication[]> {
    const found: StoredMessage[] = [];
    for (let start: PageStart = { last: count }; ; start = { since: positionOf(found.at(-1)!) }) {
      const from = start;
      const page = await this.queue.run(() => this.history.read(channel, from, READ_LIMITS));
      found.push(...page.messages);
      // Messages that are stored in the meantime must not make the read endless.
      if (!page.isCut || page.messages.length === 0 || found.length >= count) break;
    }
    return found.slice(-count).map((message) => publicationOf(channel, message));
  }

  /** Closes all followers. */
  close(): void {
    this.checks.close();
    this.queue.close();
    this.cancelLinger?.();
    for (const channel of this.followers.keys()) this.closeChannel(channel);
  }

  private open(channel: FollowedChannel): ChannelFollower {
    this.lingering.delete(channel.name);
    const present = this.followers.get(channel.name);
    if (present) return present;
    const follower = this.makeFollower(channel);
    this.followers.set(channel.name, follower);
    this.checks.start();
    return follower;
  }

  private makeFollower(channel: FollowedChannel): ChannelFollower {
    const confirmed = this.history.follow(channel.name);
    const history = this.history;
    const queue = this.queue;
    const context: FollowerContext = {
      read: (start, limits) => confirmed.then(() => queue.run(() => history.read(channel, start, limits))),
      clock: this.clock,
      queue,
      limits: READ_LIMITS,
      deliver: (publication) => this.hub.deliver(publication),
      gap: (reason) => this.countGap(channel.name, reason),
      counts: this.counts,
    };
    return channel.delivery === 'latest'
      ? new LatestFollower(channel, context)
      : new HistoryFollower(channel, context);
  }

  private markSuspect(channel: string): void {
    const follower = this.followers.get(channel);
    // Without a position there is nothing to compare; the follower reads.
    if (follower?.position) this.checks.markSuspect(channel);
    else follower?.markSuspect();
  }

  private compare(channel: string, head: Position | undefined): void {
    const follower = this.followers.get(channel);
    if (follower?.position && !(head && isSamePosition(head, follower.position))) follower.markSuspect();
  }

  private countGap(channel: string, reason: StreamGapReason): void {
    this.counts.gaps++;
    const text = `Messages of channel '${channel}' are missing (${reason}); its subscribers receive a StreamGap.`;
    this.limiter.log('gap', text);
  }

  /** Keeps a follower for a moment, so that a new subscription needs no read. */
  private linger(channel: string): void {
    if (!this.followers.has(channel)) return;
    this.lingering.set(channel, this.clock.now() + LINGER_MS);
    this.cancelLinger ??= this.clock.after(LINGER_MS, () => this.closeLingering());
  }

  private closeLingering(): void {
    const rest = slicedWork.forEach(this.over(), (channel) => this.closeChannel(channel));
    // One job at a time, because a second one would start with the channels that the first has closed.
    if (rest) void rest.then(() => this.lingerOn());
    else this.lingerOn();
  }

  private lingerOn(): void {
    this.cancelLinger = undefined;
    const [first] = this.lingering;
    if (first) {
      const waitMs = Math.max(1, first[1] - this.clock.now());
      this.cancelLinger = this.clock.after(waitMs, () => this.closeLingering());
    }
  }

  /** Iterates over the channels whose time is over. */
  private *over(): Generator<string> {
    for (const [channel, endMs] of this.lingering) {
      if (endMs > this.clock.now()) return;
      yield channel;
    }
  }

  private closeChannel(channel: string): void {
    const follower = this.followers.get(channel);
    this.followers.delete(channel);
    this.lingering.delete(channel);
    follower?.close();
    this.history.unfollow(channel);
    if (this.followers.size === 0) this.checks.stop();
  }
}
