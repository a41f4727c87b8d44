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
import { ReservedChannel } from '../channel/channel.js';
import { SYSTEM_CLOCK, type Clock } from '../scheduling/clock.js';
import { ChannelStream, type StreamOptions } from '../pubsub/channel-stream.js';
import { PUSH, SET_ATTACHED } from '../pubsub/hidden-members.js';
import { Publication } from '../pubsub/publication.js';
import type { Subscription } from '../pubsub/subscription.js';
import { requiredStore } from '../missing-capability.error.js';
import { MessagesConfigurationError } from '../messages-configuration.error.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { MESSAGES_OPTIONS } from '../messages-module-definition.js';
import type { MessagesModuleOptions } from '../messages.options.js';
import type { PresenceDelta, PresenceEntry, PresenceStore } from './presence-store.js';
import { membersOf, recordOf, type PresenceJoin, type PresenceMember } from './presence-member.js';
import { resolvePresence, type ResolvedPresence } from './presence.options.js';
import { PresenceStream, type PresenceWatchOptions } from './presence-stream.js';
import { isPresenceDelta } from './presence-shape.js';
import { PresenceWatch, type PresenceChange, type WatchedChange } from './presence-watch.js';
import { MessagesService } from '../messages.service.js';
import type { PostResult } from '../post.options.js';

const COMPARISONS_PER_LEASE = 3;
/** The interval of full reads, in comparisons; equal versions can hide different members. */
const COMPARISONS_PER_READ = 12;
/** The most channels that are compared at once. */
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

/** A channel that this process watches. */
interface Watched {
  readonly watch: PresenceWatch;
  readonly changes: Set<ChannelStream<PresenceChange>>;
  readonly streams: Set<PresenceStream>;
  readonly subscription: Promise<Subscription>;
  /** Settles when the state has been read. */
  readonly ready: Promise<void>;
  /** The number of comparisons of the channel. */
  comparisons: number;
}

/** Keeps the members of channels, across the cluster. */
@Injectable()
export class PresenceService implements BeforeApplicationShutdown {
  private readonly messages: MessagesService;
  private readonly broker: Broker;
  private readonly presence: ResolvedPresence;
  private readonly clock: Clock;
  private readonly watched = new Map<string, Watched>();
  private cancelTimer: (() => void) | undefined;
  private comparing: Promise<void> = Promise.resolve();
  /** A comparison of all channels that has not begun. */
  private nextComparison: Promise<void> | undefined;
  private isClosed = false;

  constructor(
    messages: MessagesService,
    broker: Broker,
    @Optional() @Inject(MESSAGES_OPTIONS) options: MessagesModuleOptions = {},
  ) {
    const { presence, problems } = resolvePresence(options.presence);
    if (problems.length > 0) throw new MessagesConfigurationError(problems);
    this.messages = messages;
    this.presence = presence;
    this.clock = options.clock ?? SYSTEM_CLOCK;
    this.broker = broker;
    if (options.presence) requiredStore(broker, 'presence', 'The option "presence"');
    const { leaseMs, maxConnections } = presence;
    broker.presence?.start({ leaseMs, maxConnections, changed: (delta) => this.announce(delta) });
    messages.addStatusListener(() => void this.compareAll());
  }

  /** Removes all connections of this process; Nest calls it. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isClosed = true;
    this.cancelTimer?.();
    await this.broker.presence?.close();
    for (const { changes, streams } of this.watched.values())
      for (const stream of [...changes, ...streams]) stream.end();
  }

  /**
   * Adds a connection to a channel until `leave`, or updates its data.
   *
   * Sessions use `session.presence` instead. Resolves to the reach: `degraded` while the cluster cannot be
   * reached; it gets the connection as soon as it can be.
   *
   * @throws {MessagesError} BAD_CHANNEL when channels cannot have the name
   * @throws {MessagesError} BAD_PRESENCE when the id is invalid, or the data is too large or not JSON
   * @throws {MessagesError} PRESENCE_FULL when `presence.maxConnections` are in the channel
   * @throws {MessagesError} MISSING_CAPABILITY when the broker has no `presence`
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  async join(channel: string | Channel, connection: PresenceJoin): Promise<PostResult> {
    const name = this.openChannel(channel);
    return this.reached(this.store(name).join(name, recordOf(connection, this.presence.maxDataBytes)));
  }

  /**
   * Removes a connection of this process from a channel; an absent one is not an error.
   *
   * Resolves to the reach, as `join`.
   *
   * @throws {MessagesError} BAD_CHANNEL, MISSING_CAPABILITY as `join`
   */
  async leave(channel: string | Channel, id: string): Promise<PostResult> {
    const name = channelNameOf(channel);
    return this.reached(this.store(name).leave(name, id));
  }

  /**
   * Returns the members of a channel in the present state of the cluster, in the order in which they joined.
   *
   * The list omits members on servers that have been silent for a lease. After the cluster has lost its
   * data, members are missing until their servers have restored them. Use `watch` to keep a list up to date.
   *
   * @throws {MessagesError} BAD_CHANNEL, MISSING_CAPABILITY, MESSAGES_CLOSED as `join`
   * @throws {MessagesError} UNAVAILABLE when the cluster cannot be asked now
   */
  async list(channel: string | Channel): Promise<PresenceMember[]> {
    const name = this.openChannel(channel);
    return membersOf(await this.store(name).read(name));
  }

  /**
   * Returns the members of a channel in pages, and then the changes, as an iterable.
   *
   * Pages and changes come from one state, so that no member is missed. The members are repeated, starting with
   * a page with `isFirst`, after the cluster has lost the state, and when the reader is `limit` changes behind.
   * `applyPresence` of `@nestwire/protocol` builds the list. The stream waits while the state cannot be read.
   *
   * @throws {MessagesError} BAD_CHANNEL, MISSING_CAPABILITY, MESSAGES_CLOSED as `join`
   */
  watch(channel: string | Channel, options: PresenceWatchOptions = {}): ChannelStream<PresenceEvent> {
    return this.attach(this.openChannel(channel), ({ watch, streams }, ended) => {
      const stream = new PresenceStream(watch, options, ended);
      streams.add(stream);
      return stream;
    });
  }

  /**
   * Returns the joins and leaves of a channel as an iterable, without the present members.
   *
   * A user joins with the first connection and leaves with the last. The changes continue the state that this
   * process knows, which can differ from `list`. For a list of members use `watch`. No change is missed after
   * `attached` has settled.
   *
   * @throws {MessagesError} BAD_CHANNEL, MISSING_CAPABILITY, MESSAGES_CLOSED as `join`
   */
  changes(channel: string | Channel, options: StreamOptions = {}): ChannelStream<PresenceChange> {
    return this.attach(this.openChannel(channel), ({ changes }, ended) => {
      const stream = new ChannelStream<PresenceChange>([PresenceJoined, PresenceLeft], options, {
        ended,
        dropped: () => undefined,
      });
      changes.add(stream);
      return stream;
    });
  }

  /** Makes a stream of the channel's watch, which all streams of this process share. */
  private attach<S extends ChannelStream<PresenceEvent> | ChannelStream<PresenceChange>>(
    channel: string,
    make: (watched: Watched, ended: () => void) => S,
  ): S {
    const watched = this.watched.get(channel) ?? this.watchOf(channel);
    let stream: S | undefined;
    try {
      // An aborted signal ends the stream before it is returned.
      stream = make(watched, () => this.release(channel, watched, stream));
      stream[SET_ATTACHED](watched.ready);
      return stream;
    } finally {
      if (!stream || stream.ended) this.release(channel, watched, stream);
    }
  }

  private watchOf(channel: string): Watched {
    const store = this.store(channel);
    const changes = new Set<ChannelStream<PresenceChange>>();
    const streams = new Set<PresenceStream>();
    const watch = new PresenceWatch({
      channel,
      clock: this.clock,
      patienceMs: this.presence.leaseMs,
      read: () => store.read(channel),
      emit: (change) => distribute(channel, change, watched),
      renewed: () => {
        for (const stream of streams) stream.restart();
      },
    });
    const subscription = this.messages.addListener(noticesOf(channel), (notice) =>
      // A malformed notice may replace a change, so the state is read again.
      isPresenceDelta(notice) ? watch.take(notice) : watch.markSuspect(),
    );
    const ready = subscription.then(() => watch.read()).catch(() => undefined);
    // Spread, so that the channels are not all read in one turn.
    const comparisons = this.watched.size % COMPARISONS_PER_READ;
    const watched = { watch, changes, streams, subscription, ready, comparisons };
    this.watched.set(channel, watched);
    this.schedule();
    return watched;
  }

  private release(channel: string, watched: Watched, stream: object | undefined): void {
    watched.changes.delete(stream as ChannelStream<PresenceChange>);
    watched.streams.delete(stream as PresenceStream);
    if (watched.changes.size + watched.streams.size > 0 || this.watched.get(channel) !== watched) return;
    this.watched.delete(channel);
    watched.watch.close();
    void watched.subscription.then((subscription) => subscription.remove()).catch(() => undefined);
  }

  /** Compares versions at intervals, to find missed changes, such as those of an outage. */
  private schedule(): void {
    this.cancelTimer ??= this.clock.after(this.presence.leaseMs / COMPARISONS_PER_LEASE, () => {
      this.cancelTimer = undefined;
      if (this.watched.size === 0 || this.isClosed) return;
      void this.compareAll();
      this.schedule();
    });
  }

  /** Compares all channels after the running comparison; calls in the meantime share the next one. */
  private compareAll(): Promise<void> {
    return (this.nextComparison ??= this.comparing.then(() => {
      this.nextComparison = undefined;
      return (this.comparing = this.compareInBatches());
    }));
  }

  private async compareInBatches(): Promise<void> {
    const channels = [...this.watched.keys()];
    for (let at = 0; at < channels.length && this.messages.status !== 'degraded'; at += MAX_BATCH)
      await Promise.all(channels.slice(at, at + MAX_BATCH).map((channel) => this.compare(channel)));
  }

  /** Compares one channel; never rejects, because the next turn repeats a failed comparison. */
  private async compare(channel: string): Promise<void> {
    const watched = this.watched.get(channel);
    if (!watched) return;
    const { watch } = watched;
    if (++watched.comparisons % COMPARISONS_PER_READ === 0) return watch.read();
    await this.store(channel)
      .version(channel)
      .then(
        (version) => watch.compare(version),
        () => undefined,
      );
  }

  private announce(delta: PresenceDelta): void {
    const { channel } = delta;
    // A process that misses the notice finds the change by comparing.
    this.messages.postMessage(noticesOf(channel), create(PresenceNotice, delta)).catch(() => undefined);
  }

  private openChannel(channel: string | Channel): string {
    if (!this.isClosed) return channelNameOf(channel);
    throw new MessagesError(
      MessagesErrorCode.MessagesClosed,
      'The application shuts down; presence is closed.',
    );
  }

  private store(channel: string): PresenceStore {
    return requiredStore(this.broker, 'presence', `Presence in the channel '${channel}'`);
  }

  private async reached(known: Promise<boolean>): Promise<PostResult> {
    const isKnown = await known;
    if (this.messages.status === 'local') return { delivered: 'local' };
    return { delivered: isKnown ? 'global' : 'degraded' };
  }
}

/** Passes a change to all streams of a channel, encoded once. */
function distribute(channel: string, { message, order }: WatchedChange, { changes, streams }: Watched): void {
  const { type, data } = encodingOf(message);
  const publication = new Publication(channel, type, data);
  for (const stream of streams) stream.pushChange(publication, order);
  if (message instanceof PresenceUpdated) return;
  for (const stream of changes) stream[PUSH](publication);
}

function noticesOf(channel: string): ReservedChannel<PresenceNotice> {
  return new ReservedChannel(`presence:${channel}`, [PresenceNotice]);
}
