import { Logger } from '@nestjs/common';
import type { StreamGapReason } from '@nestwire/protocol';
import type { HistoryBackend, HistoryChannel, StoredMessage } from '../backend/history.backend.js';
import type { DeliveryClass } from '../channel/channel.js';
import type { Clock } from '../delivery/clock.js';
import { Hub, type Receiver } from '../delivery/hub.js';
import type { StoredPublication } from '../delivery/stored.publication.js';
import { LogLimiter } from '../delivery/log-limiter.js';
import { Subscription } from '../delivery/subscription.js';
import { isSamePosition, type Position } from '../history/position.js';
import type { ChannelReader, ReaderContext, ReaderCounts, TakeMissed } from './channel.reader.js';
import { HistoryReader } from './history.reader.js';
import { LatestReader } from './latest.reader.js';

/** The most that one read of a history brings. */
const READ_LIMITS = { messages: 500, bytes: 1_048_576 };

const CHECK_MS = 10_000;
const LINGER_MS = 1_000;

/** A channel that keeps its messages, with how its readers go on. */
export interface ReadChannel extends HistoryChannel {
  readonly delivery: DeliveryClass;
}

/** Takes what is stored in a channel, synchronously and in order. */
export type StoredReceiver = (publication: StoredPublication) => void;

/** Follows a channel that keeps its messages, from a known place on. */
export class Following extends Subscription {
  constructor(
    private readonly reader: ChannelReader,
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

interface Kept {
  readonly reader: ChannelReader;
  cancelLinger?: () => void;
}

/** The readers of a process: one for each channel that somebody follows here. */
export class ChannelReaders {
  readonly counts: ReaderCounts = { reads: 0, refetched: 0, gaps: 0 };
  readonly #backend: HistoryBackend;
  readonly #clock: Clock;
  readonly #hub: Hub;
  readonly #limiter = new LogLimiter((line) => new Logger('Messages').warn(line));
  readonly #readers = new Map<string, Kept>();
  #cancelCheck: (() => void) | undefined;
  #isClosed = false;

  constructor(backend: HistoryBackend, clock: Clock, failed: (channel: string, error: unknown) => void) {
    this.#backend = backend;
    this.#clock = clock;
    this.#hub = new Hub({ wanted: () => undefined, unwanted: (channel) => this.#linger(channel), failed });
    backend.attach({
      stored: (channel, messages) => this.#stored(channel, messages),
      doubted: (channels) => channels.forEach((channel) => this.#readers.get(channel)?.reader.doubt()),
    });
  }

  /** Follows a channel; resolves when its position is known, or cannot be known at the moment. */
  async follow(channel: ReadChannel, receiver: StoredReceiver, signal?: AbortSignal): Promise<Following> {
    const { reader } = this.#open(channel);
    const inner = this.#hub.add(channel.name, receiver as Receiver);
    const following = new Following(reader, { channel: channel.name, remove: () => inner.remove() }, signal);
    await reader.ready;
    return following;
  }

  /** Lets go of all readers. */
  close(): void {
    this.#isClosed = true;
    this.#cancelCheck?.();
    for (const channel of this.#readers.keys()) this.#close(channel);
  }

  #open(channel: ReadChannel): Kept {
    const present = this.#readers.get(channel.name);
    if (present) {
      present.cancelLinger?.();
      return present;
    }
    const kept: Kept = { reader: this.#makeReader(channel) };
    this.#readers.set(channel.name, kept);
    this.#cancelCheck ??= this.#checkLater();
    return kept;
  }

  #makeReader(channel: ReadChannel): ChannelReader {
    const inForce = this.#backend.follow(channel.name);
    const backend = this.#backend;
    const context: ReaderContext = {
      read: (start, limits) => inForce.then(() => backend.read(channel, start, limits)),
      clock: this.#clock,
      limits: READ_LIMITS,
      deliver: (publication) => this.#hub.deliver(publication),
      gap: (reason) => this.#countGap(channel.name, reason),
      counts: this.counts,
    };
    return channel.delivery === 'latest'
      ? new LatestReader(channel, context)
      : new HistoryReader(channel, context);
  }

  #stored(channel: string, messages: readonly StoredMessage[]): void {
    this.#readers.get(channel)?.reader.stored(messages);
  }

  #countGap(channel: string, reason: StreamGapReason): void {
    this.counts.gaps++;
    const text = `Messages of channel '${channel}' are missing (${reason}); all who follow it are told by a StreamGap.`;
    this.#limiter.log('gap', text);
  }

  /** Keeps a reader for a moment: whoever comes back then finds it where it stands. */
  #linger(channel: string): void {
    const kept = this.#readers.get(channel);
    if (!kept) return;
    kept.cancelLinger = this.#clock.after(LINGER_MS, () => this.#close(channel));
  }

  #close(channel: string): void {
    const kept = this.#readers.get(channel);
    this.#readers.delete(channel);
    kept?.cancelLinger?.();
    kept?.reader.close();
    this.#backend.unfollow(channel);
    if (this.#readers.size > 0) return;
    this.#cancelCheck?.();
    this.#cancelCheck = undefined;
  }

  /** Compares all positions with their histories from time to time, in case that nothing is heard. */
  #checkLater(): () => void {
    return this.#clock.after(CHECK_MS * (0.8 + Math.random() * 0.4), () => {
      this.#cancelCheck = this.#checkLater();
      void this.#check();
    });
  }

  async #check(): Promise<void> {
    const channels = [...this.#readers.keys()];
    // An outage is noticed elsewhere, and the next check comes.
    const tops = await this.#backend.tops(channels).catch(() => undefined);
    if (this.#isClosed) return;
    tops?.forEach((top, index) => {
      const reader = this.#readers.get(channels[index]!)?.reader;
      if (reader?.position && !(top && isSamePosition(top, reader.position))) reader.doubt();
    });
  }
}
