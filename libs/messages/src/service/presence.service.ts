import { Inject, Injectable, Optional, type BeforeApplicationShutdown } from '@nestjs/common';
import { create, PresenceJoined, PresenceLeft, StreamMessage } from '@nestwire/protocol';
import { encodingOf } from '@nestwire/protocol/compiled';
import { MessagesBackend } from '../backend/messages.backend.js';
import { channelNameOf, type Channel } from '../channel/channel.js';
import { ReservedChannel } from '../channel/reserved-channel.js';
import { SYSTEM_CLOCK, type Clock } from '../delivery/clock.js';
import { MessageStream, type StreamOptions } from '../delivery/message.stream.js';
import { Publication } from '../delivery/publication.js';
import type { Subscription } from '../delivery/subscription.js';
import { MessagesConfigurationError } from '../messages-configuration.error.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { MESSAGES_OPTIONS } from '../messages.module-definition.js';
import type { MessagesModuleOptions } from '../messages.options.js';
import type { PresenceBackend, PresenceDelta, PresenceEntry } from '../presence/presence.backend.js';
import { membersOf, recordOf, type PresenceJoin, type PresenceMember } from '../presence/presence.member.js';
import { resolvePresence, type ResolvedPresence } from '../presence/presence.options.js';
import { PresenceWatch, type PresenceChange } from '../presence/presence.watch.js';
import { MessagesService } from './messages.service.js';
import type { PostResult } from './post.options.js';

const COMPARISONS_PER_LEASE = 3;

/** Tells the servers of a cluster how the presence of a channel has changed. */
@StreamMessage('nestwire.presence')
class PresenceNotice {
  declare readonly $type: 'nestwire.presence';
  channel!: string;
  epoch!: string;
  number!: number;
  set!: readonly PresenceEntry[];
  removed!: readonly string[];
}

/** A channel whose changes somebody here reads. */
interface Watched {
  readonly watch: PresenceWatch;
  readonly streams: Set<MessageStream<PresenceChange>>;
  readonly subscription: Promise<Subscription>;
  /** Settles when the present state is known. */
  readonly ready: Promise<void>;
}

/** Knows who is in which channel, across the cluster. */
@Injectable()
export class PresenceService implements BeforeApplicationShutdown {
  readonly #messages: MessagesService;
  readonly #backend: PresenceBackend;
  readonly #presence: ResolvedPresence;
  readonly #clock: Clock;
  readonly #watched = new Map<string, Watched>();
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(
    messages: MessagesService,
    backend: MessagesBackend,
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
    messages.addStatusListener(() => this.#compareAll());
  }

  /** Takes all connections of this process out; Nest calls it. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    await this.#backend.close();
    for (const { streams } of this.#watched.values()) for (const stream of streams) stream.end();
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
   * Returns who is in a channel, on all servers, in the order in which they joined.
   *
   * Those of a server that has not been heard of for a lease are left out.
   *
   * @throws {MessagesError} BAD_CHANNEL when the name is not one that channels may have
   * @throws {MessagesError} UNAVAILABLE when the cluster cannot be asked now
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  async list(channel: string | Channel): Promise<PresenceMember[]> {
    return membersOf(await this.#backend.read(this.#openChannel(channel)));
  }

  /**
   * Returns who joins and who leaves a channel, as an iterable.
   *
   * A user joins with the first connection and leaves with the last. Complete from when `attached`
   * has settled: `list` after that misses nobody.
   *
   * @throws {MessagesError} BAD_CHANNEL, MESSAGES_CLOSED as `join`
   */
  changes(channel: string | Channel, options: StreamOptions = {}): MessageStream<PresenceChange> {
    const name = this.#openChannel(channel);
    const watched = this.#watched.get(name) ?? this.#watch(name);
    const stream = new MessageStream<PresenceChange>([PresenceJoined, PresenceLeft], options, {
      ended: () => this.#release(name, watched, stream),
      dropped: () => undefined,
    });
    stream.attached = watched.ready;
    if (stream.ended) this.#release(name, watched, stream);
    else watched.streams.add(stream);
    return stream;
  }

  #watch(channel: string): Watched {
    const streams = new Set<MessageStream<PresenceChange>>();
    const watch = new PresenceWatch({
      channel,
      clock: this.#clock,
      patienceMs: this.#presence.leaseMs,
      read: () => this.#backend.read(channel),
      emit: (change) => {
        const { type, data } = encodingOf(change);
        const publication = new Publication(channel, type, data);
        for (const stream of streams) stream.push(publication);
      },
    });
    const subscription = this.#messages.addListener(noticesOf(channel), (notice) => watch.take(notice));
    const ready = subscription.then(() => watch.read()).catch(() => undefined);
    const watched = { watch, streams, subscription, ready };
    this.#watched.set(channel, watched);
    this.#schedule();
    return watched;
  }

  #release(channel: string, watched: Watched, stream: MessageStream<PresenceChange>): void {
    watched.streams.delete(stream);
    if (watched.streams.size > 0 || this.#watched.get(channel) !== watched) return;
    this.#watched.delete(channel);
    watched.watch.close();
    void watched.subscription.then((subscription) => subscription.remove()).catch(() => undefined);
  }

  /** What was not heard, as during an outage, is found by comparing. */
  #schedule(): void {
    this.#cancelTimer ??= this.#clock.after(this.#presence.leaseMs / COMPARISONS_PER_LEASE, () => {
      this.#cancelTimer = undefined;
      if (this.#watched.size === 0 || this.#isClosed) return;
      this.#compareAll();
      this.#schedule();
    });
  }

  #compareAll(): void {
    if (this.#messages.status === 'degraded') return;
    for (const [channel, { watch }] of this.#watched)
      void this.#backend
        .version(channel)
        .then((version) => watch.compare(version))
        .catch(() => undefined);
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

function noticesOf(channel: string): ReservedChannel<PresenceNotice> {
  return new ReservedChannel(`presence:${channel}`, [PresenceNotice]);
}
