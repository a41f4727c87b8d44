import type {
  Channel,
  ChannelStream,
  PostResult,
  PresenceChange,
  PresenceMember,
  PresenceService,
} from '@nestwire/messages';
import { channelNameOf } from '@nestwire/messages/internal';
import { CodedError, ErrorCode, type PresenceEvent } from '@nestwire/protocol';

/** A session, as its presence uses it. */
export interface PresenceOwner {
  readonly id: string;
  readonly user: unknown;
  readonly signal: AbortSignal;
}

/** The parts of a connection that a session's presence uses. */
export interface PresencePort {
  readonly presence: PresenceService;
  readonly limits: { readonly maxSubscriptions: number };
}

interface Joined {
  readonly userId: string | null;
  readonly data: unknown;
}

/** `PresenceService` for one session, which leaves its channels when it ends. */
export class SessionPresence {
  protected readonly joined = new Map<string, Joined>();
  /** The current watch of each channel. */
  private readonly watched = new Map<string, ChannelStream<PresenceEvent>>();
  private streams: Array<{ readonly ended: boolean }> = [];

  constructor(
    private readonly port: PresencePort,
    protected readonly owner: PresenceOwner,
  ) {}

  /**
   * Joins a channel as the session's user, until `leave` or the end of the session.
   *
   * A second call replaces the data. Resolves to the reach: `degraded` while the cluster is unavailable; the
   * cluster learns of the member later.
   *
   * @param data a JSON value within `presence.maxDataBytes`; everyone who lists the channel sees it
   * @throws {CodedError} SESSION_CLOSED when the session has ended
   * @throws {CodedError} TOO_MANY_PRESENCES when the session is in `maxSubscriptions` channels
   * @throws {MessagesError} BAD_CHANNEL, BAD_PRESENCE, PRESENCE_FULL as `PresenceService.join`
   */
  async join(channel: string | Channel, data?: unknown): Promise<PostResult> {
    const name = channelNameOf(channel);
    this.admit(name);
    const before = this.joined.get(name);
    const joined = { userId: userIdOf(this.owner.user), data };
    this.joined.set(name, joined);
    try {
      return await this.port.presence.join(name, { id: this.owner.id, ...joined });
    } catch (error) {
      if (this.joined.get(name) === joined) this.restore(name, before);
      throw error;
    }
  }

  /** Leaves a channel; does nothing when the session is not in it. */
  async leave(channel: string | Channel): Promise<void> {
    const name = channelNameOf(channel);
    if (this.joined.delete(name)) await this.port.presence.leave(name, this.owner.id);
  }

  /** Returns the current members of a channel; the same as on `PresenceService`. */
  list(channel: string | Channel): Promise<PresenceMember[]> {
    return this.port.presence.list(channel);
  }

  /**
   * Returns the members of a channel in pages, and then the changes.
   *
   * It ends with the session, and a second watch of a channel ends the first one. A handler may return it: the
   * client receives the events in the stream of the endpoint, and `applyPresence` of `@nestwire/protocol` builds
   * the list. See `PresenceService.watch`.
   *
   * @throws {CodedError} SESSION_CLOSED when the session has ended
   * @throws {CodedError} TOO_MANY_PRESENCES when the session has `maxSubscriptions` such streams
   * @throws {MessagesError} BAD_CHANNEL as `PresenceService.watch`
   */
  watch(channel: string | Channel): ChannelStream<PresenceEvent> {
    const name = channelNameOf(channel);
    // A second watch would send each change twice.
    this.watched.get(name)?.end();
    this.watched.delete(name);
    if (this.watched.size >= this.port.limits.maxSubscriptions)
      for (const [other, { ended }] of this.watched) if (ended) this.watched.delete(other);
    const stream = this.keep(() => this.port.presence.watch(channel, { signal: this.owner.signal }));
    this.watched.set(name, stream);
    return stream;
  }

  /**
   * Returns the joins and leaves of a channel until the session ends.
   *
   * A handler may return it.
   *
   * @throws {CodedError} SESSION_CLOSED, TOO_MANY_PRESENCES as `watch`
   * @throws {MessagesError} BAD_CHANNEL as `PresenceService.changes`
   */
  changes(channel: string | Channel): ChannelStream<PresenceChange> {
    return this.keep(() => this.port.presence.changes(channel, { signal: this.owner.signal }));
  }

  private keep<S extends { readonly ended: boolean }>(open: () => S): S {
    const { maxSubscriptions } = this.port.limits;
    if (this.owner.signal.aborted)
      throw new CodedError(ErrorCode.SessionClosed, 'The session has ended; it cannot watch a channel.');
    if (this.streams.length >= maxSubscriptions) this.streams = this.streams.filter(({ ended }) => !ended);
    if (this.streams.length >= maxSubscriptions)
      throw new CodedError(
        ErrorCode.TooManyPresences,
        `This session has ${maxSubscriptions} streams of presence, the maximum: end some, or raise "limits.maxSubscriptions".`,
      );
    const stream = open();
    this.streams.push(stream);
    return stream;
  }

  private admit(channel: string): void {
    const { signal } = this.owner;
    const { maxSubscriptions } = this.port.limits;
    if (signal.aborted)
      throw new CodedError(ErrorCode.SessionClosed, 'The session has ended; it cannot join.');
    if (this.joined.has(channel)) return;
    if (this.joined.size >= maxSubscriptions)
      throw new CodedError(
        ErrorCode.TooManyPresences,
        `This session is in ${maxSubscriptions} channels, the maximum: leave some, or raise "limits.maxSubscriptions".`,
      );
    if (!this.joined.size) signal.addEventListener('abort', this.leaveAll, { once: true });
  }

  private restore(channel: string, before: Joined | undefined): void {
    if (before) this.joined.set(channel, before);
    else this.joined.delete(channel);
  }

  private readonly leaveAll = (): void => {
    for (const channel of this.joined.keys()) void this.port.presence.leave(channel, this.owner.id);
    this.joined.clear();
  };
}

/** The presence of a session with the member that only the server uses. */
export class ServerSessionPresence extends SessionPresence {
  /** Joins the channels again as the user that the session belongs to now. */
  userChanged(): void {
    const userId = userIdOf(this.owner.user);
    for (const [channel, { data, ...before }] of this.joined)
      if (before.userId !== userId) this.join(channel, data).catch(() => undefined);
  }
}

function userIdOf(user: unknown): string | null {
  return (user as { id?: string } | null | undefined)?.id ?? null;
}
