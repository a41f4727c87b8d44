import { Inject, Injectable, Optional, type BeforeApplicationShutdown } from '@nestjs/common';
import {
  create,
  PresenceJoined,
  PresenceLeft,
  PresenceUpdated,
  StreamMessage,
  type PresenceEvent,
} from '@nestwire/protocol';
import { encodingOf } from '@nestwire/protocol/compiled';
import { Broker } from '../pubsub/broker.js';
import { channelNameOf, type Channel } from '../channel/channel.js';
import { ReservedChannel } from '../channel/reserved-channel.js';
import { SYSTEM_CLOCK, type Clock } from '../scheduling/clock.js';
import { ChannelStream, type StreamOptions } from '../pubsub/channel-stream.js';
import { Publication } from '../pubsub/publication.js';
import type { Subscription } from '../pubsub/subscription.js';
import { MessagesConfigurationError } from '../messages-configuration.error.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { MESSAGES_OPTIONS } from '../messages-module-definition.js';
import type { MessagesModuleOptions } from '../messages.options.js';
import type { PresenceStore, PresenceDelta, PresenceEntry } from './presence-store.js';
import { membersOf, recordOf, type PresenceJoin, type PresenceMember } from './presence-member.js';
import { resolvePresence, type ResolvedPresence } from './presence.options.js';
import { PresenceStream, type PresenceWatchOptions } from './presence-stream.js';
import { isPresenceDelta } from './presence-shape.js';
import { PresenceWatch, type PresenceChange, type WatchedChange } from './presence-watch.js';
import { MessagesService } from '../messages.service.js';
import type { PostResult } from '../post.options.js';

const COMPARISONS_PER_LEASE = 3;
/** Every so many comparisons a channel is read, whatever its version: equal versions may hide other members. */
const COMPARISONS_PER_READ = 12;
/** How many channels are compared at once. */
const MAX_BATCH = 100;

/** Informs the servers of a cluster of a change of a channel's presence. */
@StreamMessage('nestwire.presence')
class PresenceNotice {
  declare readonly $type: 'nestwire.presence';
  channel!: string;
  epoch!: string;
  number!: number;
  set!: readonly PresenceEntry[];
  removed!: readonly string[];
}

/** A channel that is watched in this process. */
interface Watched {
  readonly watch: PresenceWatch;
  readonly changes: Set<ChannelStream<PresenceChange>>;
  readonly streams: Set<PresenceStream>;
  readonly subscription: Promise<Subscription>;
  /** Settles when the present state is known. */
  readonly ready: Promise<void>;
  /** How often the channel has been compared. */
  comparisons: number;
}

/** Keeps the members of channels, across the cluster. */
@Injectable()
export class PresenceService implements BeforeApplicationShutdown {
  readonly #messages: MessagesService;
  readonly #backend: PresenceStore;
  readonly #presence: ResolvedPresence;
  readonly #clock: Clock;
  readonly #watched = new Map<string, Watched>();
  #cancelTimer: (() => void) | undefined;
  #comparing: Promise<void> = Promise.resolve();
  /** A comparison of all channels that has not begun. */
  #nextComparison: Promise<void> | undefined;
  #isClosed = false;

  constructor(
    messages: MessagesService,
    backend: Broker,
    @Optional() @Inject(MESSAGES_OPTIONS) options: MessagesModuleOptions = {},
  ) {
    const { presence, problems } = resolvePresence(options.presence);
    if (problems.length > 0) throw new MessagesConfigurationError(problems);
    this.#messages = messages;
    this.#presence = presence;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#backend = backend.presence;
    const { leaseMs, maxConnections } = presence;
    this.#backend.start({ leaseMs, maxConnections, changed: (delta) => this.#announce(delta) });
    messages.addStatusListener(() => void this.#compareAll());
  }

  /** Takes all connections of this process out; Nest calls it. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    await this.#backend.close();
    for (const { changes, streams } of this.#watched.values())
      for (const stream of [...changes, ...streams]) stream.end();
  }

  /**
   * Brings a connection into a channel, until `leave`; again, it brings its data up to date.
   *
   * Sessions rather join by `session.presence`. Resolves to how far it is known: `degraded` when the
   * cluster cannot be reached, and then it is told as soon as it can.
   *
   * @throws {MessagesError} BAD_CHANNEL when the name is not one that channels may have
   * @throws {MessagesError} BAD_PRESENCE when the id is none, or the data is too large or no JSON
   * @throws {MessagesError} PRESENCE_FULL when `presence.maxConnections` are in the channel
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  async join(channel: string | Channel, connection: PresenceJoin): Promise<PostResult> {
    const name = this.#openChannel(channel);
    return this.#reached(this.#backend.join(name, recordOf(connection, this.#presence.maxDataBytes)));
  }

  /**
   * Takes a connection of this process out of a channel; one that is not in is no error.
   *
   * Resolves to how far it is known, as `join`.
   *
   * @throws {MessagesError} BAD_CHANNEL when the name is not one that channels may have
   */
  async leave(channel: string | Channel, id: string): Promise<PostResult> {
    return this.#reached(this.#backend.leave(channelNameOf(channel), id));
  }

  /**
   * Returns the members of a channel as Redis holds them at this moment, in the order in which they joined.
   *
   * Leaves out members on servers that have been silent for a lease. After Redis has lost its keys, members are
   * missing until their servers have brought them back. To keep a list up to date use `watch`.
   *
   * @throws {MessagesError} BAD_CHANNEL when channels cannot have the name
   * @throws {MessagesError} UNAVAILABLE when the cluster cannot be asked now
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  async list(channel: string | Channel): Promise<PresenceMember[]> {
    return membersOf(await this.#backend.read(this.#openChannel(channel)));
  }

  /**
   * Returns the members of a channel in pages, and then the changes, as an iterable.
   *
   * Pages and changes come from one state, so that no member is missed. The members come again, from a page with
   * `isFirst` on, after the cluster has lost the state and after the reader was too slow for `limit` changes.
   * `applyPresence` of `@nestwire/protocol` builds the list. Gives nothing while the state cannot be read.
   *
   * @throws {MessagesError} BAD_CHANNEL, MESSAGES_CLOSED as `join`
   */
  watch(channel: string | Channel, options: PresenceWatchOptions = {}): ChannelStream<PresenceEvent> {
    return this.#attach(this.#openChannel(channel), ({ watch, streams }, ended) => {
      const stream = new PresenceStream(watch, options, ended);
      streams.add(stream);
      return stream;
    });
  }

  /**
   * Returns who joins a channel and who leaves it, as an iterable, without the members that are there.
   *
   * A user joins with the first connection and leaves with the last. The changes continue the state that this
   * process knows, which can differ from `list`. For a list of members use `watch`. Complete from when `attached`
   * has settled.
   *
   * @throws {MessagesError} BAD_CHANNEL, MESSAGES_CLOSED as `join`
   */
  changes(channel: string | Channel, options: StreamOptions = {}): ChannelStream<PresenceChange> {
    return this.#attach(this.#openChannel(channel), ({ changes }, ended) => {
      const stream = new ChannelStream<PresenceChange>([PresenceJoined, PresenceLeft], options, {
        ended,
        dropped: () => undefined,
      });
      changes.add(stream);
      return stream;
    });
  }

  /** Makes a stream of the one watch that this process has of a channel. */
  #attach<S extends ChannelStream<PresenceEvent> | ChannelStream<PresenceChange>>(
    channel: string,
    make: (watched: Watched, ended: () => void) => S,
  ): S {
    const watched = this.#watched.get(channel) ?? this.#watch(channel);
    let stream: S | undefined;
    try {
      // A signal that has aborted ends the stream before it is returned.
      stream = make(watched, () => this.#release(channel, watched, stream));
      stream.attached = watched.ready;
      return stream;
    } finally {
      if (!stream || stream.ended) this.#release(channel, watched, stream);
    }
  }

  #watch(channel: string): Watched {
    const changes = new Set<ChannelStream<PresenceChange>>();
    const streams = new Set<PresenceStream>();
    const watch = new PresenceWatch({
      channel,
      clock: this.#clock,
      patienceMs: this.#presence.leaseMs,
      read: () => this.#backend.read(channel),
      emit: (change) => distribute(channel, change, watched),
      renewed: () => {
        for (const stream of streams) stream.restart();
      },
    });
    const subscription = this.#messages.addListener(noticesOf(channel), (notice) =>
      // What is not a change may stand for one: the state tells.
      isPresenceDelta(notice) ? watch.take(notice) : watch.doubt(),
    );
    const ready = subscription.then(() => watch.read()).catch(() => undefined);
    // Spread, so that not all channels are read in the same turn.
    const comparisons = this.#watched.size % COMPARISONS_PER_READ;
    const watched = { watch, changes, streams, subscription, ready, comparisons };
    this.#watched.set(channel, watched);
    this.#schedule();
    return watched;
  }

  #release(channel: string, watched: Watched, stream: object | undefined): void {
    watched.changes.delete(stream as ChannelStream<PresenceChange>);
    watched.streams.delete(stream as PresenceStream);
    if (watched.changes.size + watched.streams.size > 0 || this.#watched.get(channel) !== watched) return;
    this.#watched.delete(channel);
    watched.watch.close();
    void watched.subscription.then((subscription) => subscription.remove()).catch(() => undefined);
  }

  /** Finds by comparing what was not heard, as during an outage. */
  #schedule(): void {
    this.#cancelTimer ??= this.#clock.after(this.#presence.leaseMs / COMPARISONS_PER_LEASE, () => {
      this.#cancelTimer = undefined;
      if (this.#watched.size === 0 || this.#isClosed) return;
      void this.#compareAll();
      this.#schedule();
    });
  }

  /** Compares all channels, behind a comparison that runs; calls meanwhile share the next one. */
  #compareAll(): Promise<void> {
    return (this.#nextComparison ??= this.#comparing.then(() => {
      this.#nextComparison = undefined;
      return (this.#comparing = this.#compareInBatches());
    }));
  }

  async #compareInBatches(): Promise<void> {
    const channels = [...this.#watched.keys()];
    for (let at = 0; at < channels.length && this.#messages.status !== 'degraded'; at += MAX_BATCH)
      await Promise.all(channels.slice(at, at + MAX_BATCH).map((channel) => this.#compare(channel)));
  }

  /** Never rejects: what fails is compared at the next turn. */
  async #compare(channel: string): Promise<void> {
    const watched = this.#watched.get(channel);
    if (!watched) return;
    const { watch } = watched;
    if (++watched.comparisons % COMPARISONS_PER_READ === 0) return watch.read();
    await this.#backend.version(channel).then(
      (version) => watch.compare(version),
      () => undefined,
    );
  }

  #announce(delta: PresenceDelta): void {
    const { channel } = delta;
    // Who does not hear of it finds out by comparing.
    this.#messages.postMessage(noticesOf(channel), create(PresenceNotice, delta)).catch(() => undefined);
  }

  #openChannel(channel: string | Channel): string {
    if (!this.#isClosed) return channelNameOf(channel);
    throw new MessagesError(MessagesErrorCode.MessagesClosed, 'The application shuts down; nobody can join.');
  }

  async #reached(known: Promise<boolean>): Promise<PostResult> {
    const isKnown = await known;
    if (this.#messages.status === 'local') return { delivered: 'local' };
    return { delivered: isKnown ? 'global' : 'degraded' };
  }
}

/** Gives a change to all streams of a channel, encoded once. */
function distribute(channel: string, { message, order }: WatchedChange, { changes, streams }: Watched): void {
  const { type, data } = encodingOf(message);
  const publication = new Publication(channel, type, data);
  for (const stream of streams) stream.pushChange(publication, order);
  if (message instanceof PresenceUpdated) return;
  for (const stream of changes) stream.push(publication);
}

function noticesOf(channel: string): ReservedChannel<PresenceNotice> {
  return new ReservedChannel(`presence:${channel}`, [PresenceNotice]);
}
