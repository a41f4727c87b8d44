import { CodedError, ErrorCode, type HeldChannel } from '@nestwire/protocol';
import {
  channelNameOf,
  definedChannel,
  gapPublication,
  isKept,
  slicedWork,
  Subscription,
  type Channel,
} from '@nestwire/messages';
import type { StreamsLimits } from '../streams.limits.js';
import { StreamsConfigurationError } from '../endpoint/streams-configuration.error.js';
import { toWireError } from '../pipeline/error.reply.js';
import { errorLog } from '../pipeline/error-log.js';
import { isSnapshotRefusal } from './channel.snapshots.js';
import type { ClientChannels } from './client.channels.js';
import { EphemeralFlow } from './ephemeral.flow.js';
import { HolderTokens } from './holder-tokens.js';
import type { ChannelFlow, FlowMember, FlowSession, FrameSink } from './flow.member.js';
import { heldBytes, maxHeldBytes, type HelloLimits } from './held-bytes.js';
import { HeldChannels } from './held.channels.js';
import { KeptFlow } from './kept.flow.js';
import { ResumingChannels } from './resuming.channels.js';
import type { TicketSubject } from './ticket.signer.js';
import { endsForGood } from './token-revocations.js';

interface Entry {
  readonly isKept: boolean;
  readonly flow: ChannelFlow;
  /** How often each session has subscribed. */
  readonly sessions: Map<FlowSession, number>;
}

/** The limits of what flows to a connection. */
export type SubscriptionLimits = HelloLimits & Pick<StreamsLimits, 'maxSubscriptions'>;

/** The channels that flow to one connection, and for which of its sessions. */
export class ConnectionSubscriptions {
  /** What the client wants back from its last connection. */
  readonly held: HeldChannels;
  private readonly tokens: HolderTokens;
  // Made when it is needed: many connections have no channel.
  private channels: Map<string, Entry> | undefined;
  /** How many bytes `hello` needs to bring all back. */
  private heldBytes = 0;
  /** No ticket is older. */
  private ticketsAtMs = performance.now();

  constructor(
    private readonly context: ClientChannels,
    private readonly member: FlowMember,
    private readonly limits: SubscriptionLimits,
  ) {
    this.held = new HeldChannels(context.tickets);
    this.tokens = new HolderTokens(context.revocations, () => this.replaceTickets());
  }

  /** Writes down what a client wants back; resolves when it is known which of its tickets are good. */
  async hold(holder: string, held: readonly HeldChannel[]): Promise<void> {
    this.held.hold(holder, held);
    if (this.held.hasProven) this.held.revoke(await this.tokens.read(holder));
  }

  /** How many channels flow to this connection. */
  get size(): number {
    return this.channels?.size ?? 0;
  }

  /**
   * Lets a channel flow into the stream of a session; subscribing twice counts twice.
   *
   * @throws {CodedError} LIMIT_REACHED when the connection has `maxSubscriptions` channels, or could not bring all back
   * @throws {CodedError} CHANNEL_MISMATCH when it has one of this name that is defined otherwise
   * @throws {StreamsConfigurationError} when nobody returns the snapshot that it is defined with
   */
  async add(
    session: FlowSession,
    channel: string | Channel,
    sink = this.member.sinkFor(session),
  ): Promise<Subscription> {
    const name = channelNameOf(channel);
    if (isKept(channel)) this.checkHeld(session, name);
    const entry = this.channels?.get(name) ?? this.addChannel(name, channel);
    if (entry.isKept !== isKept(channel)) throw mismatch(name);
    const count = entry.sessions.get(session) ?? 0;
    if (entry.isKept && !count) this.heldBytes += heldBytes(session.endpoint, name);
    entry.sessions.set(session, count + 1);
    const isResumed = this.held.find({ endpoint: session.endpoint, channel: name })?.position !== undefined;
    if (entry.isKept && !count && !isResumed) this.tokens.need(session.holder);
    try {
      if (!count) await entry.flow.join(session, sink);
    } catch (error) {
      this.removeOne(session, name);
      throw error;
    }
    return new Subscription(name, () => this.removeByServer(session, name));
  }

  /** Returns what a session's stream had before, for the application to look at. */
  resumingOf(session: FlowSession): ResumingChannels {
    return new ResumingChannels({
      names: () => this.held.provenNamesOf(session.endpoint),
      release: (name) => {
        if (this.held.find({ endpoint: session.endpoint, channel: name })?.position)
          this.tokens.revoke(session, name);
        this.release(session, name);
      },
    });
  }

  /** Lets the channels flow again that a session's stream had, and that nobody has let go of. */
  async resume(session: FlowSession): Promise<void> {
    // All at once: one whose history cannot be read now holds up no other.
    const begun: Promise<void>[] = [];
    const rest = slicedWork.forEach(this.held.namesOf(session.endpoint), (name) => {
      if (!session.endReason) begun.push(this.resumeOne(session, name));
    });
    if (rest) await rest;
    const failed = (await Promise.allSettled(begun)).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }

  private async resumeOne(session: FlowSession, name: string): Promise<void> {
    const channel = definedChannel(name);
    const held = this.held.find({ endpoint: session.endpoint, channel: name });
    if (channel && isKept(channel) && held?.position) await this.addResumed(session, channel);
    // A newcomer gets the newest message, so that there is no gap.
    else if (channel?.delivery === 'latest') this.release(session, name);
    else this.refuse(session, name);
  }

  /** The stream opens, whatever becomes of one of its channels. */
  private async addResumed(session: FlowSession, channel: Channel): Promise<void> {
    try {
      await this.add(session, channel, this.member.answers);
    } catch (error) {
      if (!isSnapshotRefusal(error)) throw error;
      this.tell(session, error);
    }
  }

  /** Says that a channel does not flow again by itself; who subscribes to it is told of the gap anew. */
  private refuse({ endpoint }: FlowSession, channel: string): void {
    // A client that opens and closes its stream over and over is told once.
    if (!this.held.refuseOnce({ endpoint, channel })) return;
    const { codec, outbox } = this.member;
    const { claimed } = this.held.find({ endpoint, channel })!;
    const gap = gapPublication(channel, claimed, 'ticket-refused');
    outbox.push(codec.encodePublication(channel, gap, { endpoint, ...claimed }));
    this.member.answers.send({ t: 'unsubscribed', endpoint, channel });
  }

  /** Lets go of a channel that a session's stream had: the client forgets it. */
  release(session: FlowSession, name: string): void {
    if (this.held.take({ endpoint: session.endpoint, channel: name }))
      this.member.answers.send({ t: 'unsubscribed', endpoint: session.endpoint, channel: name });
  }

  /** Gives the client tickets of the identity that its kept sessions belong to now. */
  adopted(holder: string): void {
    if (!this.size) return;
    this.tokens.need(holder);
    this.renewTickets(this.member.answers);
  }

  /** Renews tickets that have lived half their time. */
  checkTickets(now: number): void {
    this.tokens.check(now);
    if (now - this.ticketsAtMs > this.context.ticketMs / 2) this.renewTickets(this.member, now);
  }

  /** Gives the client new tickets for what flows to it. */
  renewTickets(sink: FrameSink, now = performance.now()): void {
    this.ticketsAtMs = now;
    void slicedWork.forEach(this.channels?.values() ?? [], ({ flow }) => flow.renewTickets(sink));
  }

  /** Gives the client new tickets where those that it has were taken back together with others. */
  private replaceTickets(): void {
    const { answers } = this.member;
    void slicedWork.forEach(this.channels?.values() ?? [], ({ flow }) => flow.replaceTickets(answers));
  }

  /**
   * Ends all that flows into the stream of a session; for good, where the server ended the session.
   *
   * Returns a promise where that takes more than this turn of the event loop.
   */
  removeAll(session: FlowSession): Promise<void> | undefined {
    if (!this.channels) return undefined;
    const isForGood = session.endReason !== undefined && endsForGood(session.endReason);
    const leave = ([name, entry]: [string, Entry]): void => {
      if (!entry.sessions.delete(session)) return;
      if (isForGood && entry.isKept) this.tokens.revoke(session, name);
      this.leave(session, name, entry);
    };
    // Nothing flows to a client that has gone. Its tokens may have to be void before it comes back.
    if (!this.member.outbox.isOpen && !isForGood) return slicedWork.forEach(this.channels, leave);
    for (const channel of this.channels) leave(channel);
    return undefined;
  }

  private addChannel(name: string, channel: string | Channel): Entry {
    const { maxSubscriptions } = this.limits;
    if (this.size >= maxSubscriptions) {
      const message = `${maxSubscriptions} channels flow to this connection, the most that may: raise "limits.maxSubscriptions".`;
      throw new CodedError(ErrorCode.LimitReached, message);
    }
    const entry = { isKept: isKept(channel), flow: this.makeFlow(name, channel), sessions: new Map() };
    (this.channels ??= new Map()).set(name, entry);
    return entry;
  }

  private makeFlow(name: string, channel: string | Channel): ChannelFlow {
    const { fanout, kept, snapshots, tickets } = this.context;
    if (!isKept(channel)) return new EphemeralFlow(name, channel, fanout, this.member);
    if (channel.snapshot.length && !snapshots.has(channel)) throw withoutSnapshot(name);
    const generationOf = (subject: TicketSubject) => this.tokens.generationOf(subject);
    return new KeptFlow(kept.open(channel), this.member, {
      snapshots,
      tickets,
      held: this.held,
      generationOf,
      end: (session, error) => this.endBy(error, session, name),
    });
  }

  /** Ends a subscription because the application says so: no token that the client has resumes it. */
  private removeByServer(session: FlowSession, name: string): void {
    const entry = this.channels?.get(name);
    const isForGood = !session.endReason || endsForGood(session.endReason);
    if (entry?.isKept && entry.sessions.get(session) === 1 && isForGood) this.tokens.revoke(session, name);
    this.removeOne(session, name);
  }

  /** Ends a subscription because the application refuses its snapshot. */
  private endBy(error: unknown, session: FlowSession, name: string): void {
    const entry = this.channels?.get(name);
    if (!entry?.sessions.has(session)) return;
    this.tell(session, error);
    entry.sessions.set(session, 1);
    this.removeByServer(session, name);
  }

  /** Tells the client of an error that answers none of its frames. */
  private tell({ endpoint }: FlowSession, error: unknown): void {
    const wire = toWireError(error, (id, thrown) => errorLog.error('subscription', `Error ${id}`, thrown));
    this.member.send({ t: 'error', endpoint, error: wire });
  }

  private removeOne(session: FlowSession, name: string): void {
    const entry = this.channels?.get(name);
    const count = entry?.sessions.get(session);
    if (!entry || !count) return;
    if (count > 1) return void entry.sessions.set(session, count - 1);
    entry.sessions.delete(session);
    this.member.sinkFor(session).send({ t: 'unsubscribed', endpoint: session.endpoint, channel: name });
    this.leave(session, name, entry);
  }

  /** Refuses a channel that the client could not bring back in one `hello` with the others. */
  private checkHeld(session: FlowSession, name: string): void {
    if (this.channels?.get(name)?.sessions.has(session)) return;
    const bytes = this.heldBytes + heldBytes(session.endpoint, name);
    if (bytes > maxHeldBytes(this.limits)) throw tooManyToHold(name);
  }

  private leave(session: FlowSession, name: string, { isKept: isHeld, flow, sessions }: Entry): void {
    if (isHeld) this.heldBytes -= heldBytes(session.endpoint, name);
    flow.leave(session);
    if (!sessions.size) this.channels!.delete(name);
  }
}

function tooManyToHold(name: string): CodedError {
  return new CodedError(
    ErrorCode.LimitReached,
    `The channel "${name}" does not fit into the first frame of a client that comes back, beside the others of this ` +
      'connection: raise "limits.maxPayloadBytes", or subscribe to fewer channels with history.',
  );
}

function withoutSnapshot(name: string): StreamsConfigurationError {
  return new StreamsConfigurationError([
    `The channel "${name}" is defined with a snapshot, and no provider has a method with @ChannelSnapshot for it: add one.`,
  ]);
}

function mismatch(name: string): CodedError {
  return new CodedError(
    ErrorCode.ChannelMismatch,
    `The channel "${name}" flows to this connection already, and is defined otherwise there: ` +
      'subscribe to a channel by its definition everywhere.',
  );
}
