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

/** The session as its presence needs to know it. */
export interface PresenceOwner {
  readonly id: string;
  readonly user: unknown;
  readonly signal: AbortSignal;
}

/** What a session's presence works with. */
export interface PresencePort {
  readonly presence: PresenceService;
  readonly limits: { readonly maxSubscriptions: number };
}

interface Joined {
  readonly userId: string | null;
  readonly data: unknown;
}

/** `PresenceService` for one session: it leaves by itself when the session ends. */
export class SessionPresence {
  protected readonly joined = new Map<string, Joined>();
  /** The present watch of each channel. */
  private readonly watched = new Map<string, ChannelStream<PresenceEvent>>();
  private streams: Array<{ readonly ended: boolean }> = [];

  constructor(
    private readonly port: PresencePort,
    protected readonly owner: PresenceOwner,
  ) {}

  /**
   * Lets the session's user be in a channel until `leave` or the end of the session; again, it brings the
   * data up to date.
   *
   * Resolves to the reach; `degraded` while the cluster cannot be reached, which gets it later.
   *
   * @param data anything that JSON can say, within `presence.maxDataBytes`; all who ask see it
   * @throws {CodedError} SESSION_CLOSED when the session has ended
   * @throws {CodedError} LIMIT_REACHED when the session is in `maxSubscriptions` channels
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

  /** Takes the session out of a channel; where it is not in, nothing happens. */
  async leave(channel: string | Channel): Promise<void> {
    const name = channelNameOf(channel);
    if (this.joined.delete(name)) await this.port.presence.leave(name, this.owner.id);
  }

  /** Returns the members of a channel at this moment; the same as on `PresenceService`. */
  list(channel: string | Channel): Promise<PresenceMember[]> {
    return this.port.presence.list(channel);
  }

  /**
   * Returns the members of a channel in pages and then the changes, until the session ends.
   *
   * A second watch of a channel ends the first one. A handler may return it, and the client then receives them in the stream of its endpoint; `applyPresence` of
   * `@nestwire/protocol` builds the list there. As `PresenceService.watch`.
   *
   * @throws {CodedError} SESSION_CLOSED when the session has ended
   * @throws {CodedError} LIMIT_REACHED when the session has `maxSubscriptions` such streams
   * @throws {MessagesError} BAD_CHANNEL as `PresenceService.watch`
   */
  watch(channel: string | Channel): ChannelStream<PresenceEvent> {
    const name = channelNameOf(channel);
    // One is enough: another one would bring every change twice.
    this.watched.get(name)?.end();
    this.watched.delete(name);
    if (this.watched.size >= this.port.limits.maxSubscriptions)
      for (const [other, { ended }] of this.watched) if (ended) this.watched.delete(other);
    const stream = this.keep(() => this.port.presence.watch(channel, { signal: this.owner.signal }));
    this.watched.set(name, stream);
    return stream;
  }

  /**
   * Returns who joins a channel and who leaves it, until the session ends; a handler may return it.
   *
   * @throws {CodedError} SESSION_CLOSED, LIMIT_REACHED as `watch`
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
        ErrorCode.LimitReached,
        `This session has ${maxSubscriptions} streams of presence, the most that it may have: end some, or raise "limits.maxSubscriptions".`,
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
        ErrorCode.LimitReached,
        `This session is in ${maxSubscriptions} channels, the most that it may be: raise "limits.maxSubscriptions".`,
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
