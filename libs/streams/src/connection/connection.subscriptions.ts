import { CodedError, ErrorCode, type ServerFrame } from '@nestwire/protocol';
import { channelNameOf, Subscription, type Channel } from '@nestwire/messages';
import type { StreamSession } from '../session/stream-session.js';
import type { ChannelFanout, FanoutMember } from './channel.fanout.js';

type Session = StreamSession<never, unknown>;

/** The channels that flow to one connection, and for which of its sessions. */
export class ConnectionSubscriptions {
  // Made when it is needed: many connections have no channel.
  private channels: Map<string, Map<Session, number>> | undefined;

  constructor(
    private readonly fanout: ChannelFanout,
    private readonly member: FanoutMember,
    private readonly send: (frame: ServerFrame) => void,
    private readonly maxSubscriptions: number,
  ) {}

  /** How many channels flow to this connection. */
  get size(): number {
    return this.channels?.size ?? 0;
  }

  /**
   * Lets a channel flow into the stream of a session; subscribing twice counts twice.
   *
   * @throws {CodedError} LIMIT_REACHED when the connection has `maxSubscriptions` channels
   */
  async add(session: Session, channel: string | Channel): Promise<Subscription> {
    const name = channelNameOf(channel);
    const sessions = this.channels?.get(name) ?? this.addChannel(name);
    const count = sessions.get(session) ?? 0;
    sessions.set(session, count + 1);
    // Said before the channel is joined: a publication never comes before its "subscribed".
    if (!count) this.send({ t: 'subscribed', endpoint: session.endpoint, channel: name });
    try {
      await this.fanout.join(name, channel, this.member);
    } catch (error) {
      this.removeOne(session, name);
      throw error;
    }
    return new Subscription(name, () => this.removeOne(session, name));
  }

  /** Ends all that flows into the stream of a session. */
  removeAll(session: Session): void {
    for (const [name, sessions] of this.channels ?? []) {
      if (sessions.delete(session)) this.release(name, sessions);
    }
  }

  private addChannel(name: string): Map<Session, number> {
    if (this.size >= this.maxSubscriptions) {
      const message = `${this.maxSubscriptions} channels flow to this connection, the most that may: raise "limits.maxSubscriptions".`;
      throw new CodedError(ErrorCode.LimitReached, message);
    }
    const sessions = new Map<Session, number>();
    (this.channels ??= new Map()).set(name, sessions);
    return sessions;
  }

  private removeOne(session: Session, name: string): void {
    const sessions = this.channels?.get(name);
    const count = sessions?.get(session);
    if (!sessions || !count) return;
    if (count > 1) return void sessions.set(session, count - 1);
    sessions.delete(session);
    this.send({ t: 'unsubscribed', endpoint: session.endpoint, channel: name });
    this.release(name, sessions);
  }

  private release(name: string, sessions: ReadonlyMap<Session, number>): void {
    if (sessions.size) return;
    this.channels!.delete(name);
    this.fanout.leave(name, this.member);
  }
}
