import { CodedError, ErrorCode } from '@nestwire/protocol';
import type { ResumePosition } from '@nestwire/protocol/codec';
import { Subscription, type Channel } from '@nestwire/messages';
import {
  channelNameOf,
  definedChannel,
  gapPublication,
  isRecoverable,
  slicedWork,
} from '@nestwire/messages/internal';
import type { StreamsLimits } from '../streams-limits.js';
import { StreamsConfigurationError } from '../endpoint/streams-configuration.error.js';
import { toWireError } from '../enhancers/error-reply.js';
import { errorLog } from '../enhancers/error-log.js';
import { isSnapshotRefusal } from './channel-snapshots.js';
import type { ClientChannels } from './client-channels.js';
import { EphemeralSubscription } from './ephemeral-subscription.js';
import { ConnectionResumeTokens } from './connection-resume-tokens.js';
import type {
  ClientSubscription,
  SubscribedConnection,
  SubscribedSession,
  FrameSink,
} from './client-subscription.js';
import { resumeBytes, maxResumeBytes, type HelloLimits } from './resume-bytes.js';
import { ResumePositions } from './resume-positions.js';
import { RecoverableSubscription } from './recoverable-subscription.js';
import { ResumingChannels } from './resuming-channels.js';
import type { ResumeTokenSubject } from './resume-token-signer.js';
import { isFinalEnd } from '../auth/token-revocations.js';

interface Entry {
  readonly isRecoverable: boolean;
  readonly subscription: ClientSubscription;
  /** How often each session has subscribed. */
  readonly sessions: Map<SubscribedSession, number>;
}

/** The limits of what flows to a connection. */
export type SubscriptionLimits = HelloLimits & Pick<StreamsLimits, 'maxSubscriptions'>;

/** The channels that flow to one connection, and for which of its sessions. */
export class ConnectionSubscriptions {
  /** What the client wants back from its last connection. */
  readonly resumePositions: ResumePositions;
  private readonly tokens: ConnectionResumeTokens;
  // Made when it is needed: many connections have no channel.
  private channels: Map<string, Entry> | undefined;
  /** How many bytes `hello` needs to bring all back. */
  private resumeBytes = 0;
  /** No resume token is older. */
  private resumeTokensAtMs = performance.now();

  constructor(
    private readonly context: ClientChannels,
    private readonly connection: SubscribedConnection,
    private readonly limits: SubscriptionLimits,
  ) {
    this.resumePositions = new ResumePositions(context.resumeTokens);
    this.tokens = new ConnectionResumeTokens(context.revocations, () => this.replaceResumeTokens());
  }

  /** Writes down what a client wants back; resolves when it is known which of its resume tokens are good. */
  async acceptResumePositions(holder: string, positions: readonly ResumePosition[]): Promise<void> {
    this.resumePositions.accept(holder, positions);
    if (this.resumePositions.hasProven) this.resumePositions.revoke(await this.tokens.read(holder));
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
    session: SubscribedSession,
    channel: string | Channel,
    sink = this.connection.sinkFor(session),
  ): Promise<Subscription> {
    const name = channelNameOf(channel);
    if (isRecoverable(channel)) this.checkResumePositions(session, name);
    const entry = this.channels?.get(name) ?? this.addChannel(name, channel);
    if (entry.isRecoverable !== isRecoverable(channel)) throw mismatch(name);
    const count = entry.sessions.get(session) ?? 0;
    if (entry.isRecoverable && !count) this.resumeBytes += resumeBytes(session.endpoint, name);
    entry.sessions.set(session, count + 1);
    const isResumed =
      this.resumePositions.find({ endpoint: session.endpoint, channel: name })?.position !== undefined;
    if (entry.isRecoverable && !count && !isResumed) this.tokens.need(session.holder);
    try {
      if (!count) await entry.subscription.addSession(session, sink);
    } catch (error) {
      this.removeOne(session, name);
      throw error;
    }
    return new Subscription(name, () => this.removeByServer(session, name));
  }

  /** Returns what a session's stream had before, for the application to look at. */
  resumingOf(session: SubscribedSession): ResumingChannels {
    return new ResumingChannels({
      names: () => this.resumePositions.provenNamesOf(session.endpoint),
      release: (name) => {
        if (this.resumePositions.find({ endpoint: session.endpoint, channel: name })?.position)
          this.tokens.revoke(session, name);
        this.release(session, name);
      },
    });
  }

  /** Lets the channels flow again that a session's stream had, and that nobody has let go of. */
  async resume(session: SubscribedSession): Promise<void> {
    // All at once: one whose history cannot be read now holds up no other.
    const begun: Promise<void>[] = [];
    const rest = slicedWork.forEach(this.resumePositions.namesOf(session.endpoint), (name) => {
      if (!session.endReason) begun.push(this.resumeOne(session, name));
    });
    if (rest) await rest;
    const failed = (await Promise.allSettled(begun)).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }

  private async resumeOne(session: SubscribedSession, name: string): Promise<void> {
    const channel = definedChannel(name);
    const entry = this.resumePositions.find({ endpoint: session.endpoint, channel: name });
    if (channel && isRecoverable(channel) && entry?.position) await this.addResumed(session, channel);
    // A newcomer gets the newest message, so that there is no gap.
    else if (channel?.delivery === 'latest') this.release(session, name);
    else this.refuseResume(session, name);
  }

  /** The stream opens, whatever becomes of one of its channels. */
  private async addResumed(session: SubscribedSession, channel: Channel): Promise<void> {
    try {
      await this.add(session, channel, this.connection.answers);
    } catch (error) {
      if (!isSnapshotRefusal(error)) throw error;
      this.sendError(session, error);
    }
  }

  /** Says that a channel does not flow again by itself; who subscribes to it is told of the gap anew. */
  private refuseResume({ endpoint, stream }: SubscribedSession, channel: string): void {
    // A client that opens and closes its stream over and over is told once.
    if (!this.resumePositions.refuseOnce({ endpoint, channel })) return;
    const { codec, outbox } = this.connection;
    const { claimed } = this.resumePositions.find({ endpoint, channel })!;
    const gap = gapPublication(channel, claimed, 'resume-refused');
    outbox.push(codec.encodePublication(channel, gap, { stream, ...claimed }));
    this.connection.answers.send({ t: 'unsubscribed', stream, channel });
  }

  /** Lets go of a channel that a session's stream had: the client forgets it. */
  release(session: SubscribedSession, name: string): void {
    if (this.resumePositions.take({ endpoint: session.endpoint, channel: name }))
      this.connection.answers.send({ t: 'unsubscribed', stream: session.stream, channel: name });
  }

  /** Gives the client resume tokens of the identity that its kept sessions belong to now. */
  adopted(holder: string): void {
    if (!this.size) return;
    this.tokens.need(holder);
    this.renewResumeTokens(this.connection.answers);
  }

  /** Renews resume tokens that have lived half their time. */
  checkResumeTokens(now: number): void {
    this.tokens.check(now);
    if (now - this.resumeTokensAtMs > this.context.resumeTokenMs / 2)
      this.renewResumeTokens(this.connection, now);
  }

  /** Gives the client new resume tokens for what flows to it. */
  renewResumeTokens(sink: FrameSink, now = performance.now()): void {
    this.resumeTokensAtMs = now;
    void slicedWork.forEach(this.channels?.values() ?? [], ({ subscription }) =>
      subscription.renewResumeTokens(sink),
    );
  }

  /** Gives the client new resume tokens where those that it has were taken back together with others. */
  private replaceResumeTokens(): void {
    const { answers } = this.connection;
    void slicedWork.forEach(this.channels?.values() ?? [], ({ subscription }) =>
      subscription.replaceResumeTokens(answers),
    );
  }

  /**
   * Ends all that flows into the stream of a session; for good, where the server ended the session.
   *
   * Returns a promise where that takes more than this turn of the event loop.
   */
  removeAll(session: SubscribedSession): Promise<void> | undefined {
    if (!this.channels) return undefined;
    const isFinal = session.endReason !== undefined && isFinalEnd(session.endReason);
    const remove = ([name, entry]: [string, Entry]): void => {
      if (!entry.sessions.delete(session)) return;
      if (isFinal && entry.isRecoverable) this.tokens.revoke(session, name);
      this.removeSession(session, name, entry);
    };
    // Nothing flows to a client that has gone. Its tokens may have to be void before it comes back.
    if (!this.connection.outbox.isOpen && !isFinal) return slicedWork.forEach(this.channels, remove);
    for (const channel of this.channels) remove(channel);
    return undefined;
  }

  private addChannel(name: string, channel: string | Channel): Entry {
    const { maxSubscriptions } = this.limits;
    if (this.size >= maxSubscriptions) {
      const message = `This connection has reached its limit of ${maxSubscriptions} subscriptions: raise "limits.maxSubscriptions", or subscribe to fewer channels.`;
      throw new CodedError(ErrorCode.LimitReached, message);
    }
    const entry = {
      isRecoverable: isRecoverable(channel),
      subscription: this.makeSubscription(name, channel),
      sessions: new Map(),
    };
    (this.channels ??= new Map()).set(name, entry);
    return entry;
  }

  private makeSubscription(name: string, channel: string | Channel): ClientSubscription {
    const { fanout, recoverable, snapshots, resumeTokens } = this.context;
    if (!isRecoverable(channel)) return new EphemeralSubscription(name, channel, fanout, this.connection);
    if (channel.snapshot.length && !snapshots.has(channel)) throw withoutSnapshot(name);
    const generationOf = (subject: ResumeTokenSubject) => this.tokens.generationOf(subject);
    return new RecoverableSubscription(recoverable.open(channel), this.connection, {
      snapshots,
      resumeTokens,
      resumePositions: this.resumePositions,
      generationOf,
      end: (session, error) => this.endByError(error, session, name),
    });
  }

  /** Ends a subscription because the application says so: no token that the client has resumes it. */
  private removeByServer(session: SubscribedSession, name: string): void {
    const entry = this.channels?.get(name);
    const isFinal = !session.endReason || isFinalEnd(session.endReason);
    if (entry?.isRecoverable && entry.sessions.get(session) === 1 && isFinal)
      this.tokens.revoke(session, name);
    this.removeOne(session, name);
  }

  /** Ends a subscription because the application refuses its snapshot. */
  private endByError(error: unknown, session: SubscribedSession, name: string): void {
    const entry = this.channels?.get(name);
    if (!entry?.sessions.has(session)) return;
    this.sendError(session, error);
    entry.sessions.set(session, 1);
    this.removeByServer(session, name);
  }

  /** Tells the client of an error that answers none of its frames. */
  private sendError({ stream }: SubscribedSession, error: unknown): void {
    const wire = toWireError(error, (id, thrown) => errorLog.error('subscription', `Error ${id}`, thrown));
    this.connection.send({ t: 'error', stream, error: wire });
  }

  private removeOne(session: SubscribedSession, name: string): void {
    const entry = this.channels?.get(name);
    const count = entry?.sessions.get(session);
    if (!entry || !count) return;
    if (count > 1) return void entry.sessions.set(session, count - 1);
    entry.sessions.delete(session);
    this.connection.sinkFor(session).send({ t: 'unsubscribed', stream: session.stream, channel: name });
    this.removeSession(session, name, entry);
  }

  /** Refuses a channel that the client could not bring back in one `hello` with the others. */
  private checkResumePositions(session: SubscribedSession, name: string): void {
    if (this.channels?.get(name)?.sessions.has(session)) return;
    const bytes = this.resumeBytes + resumeBytes(session.endpoint, name);
    if (bytes > maxResumeBytes(this.limits)) throw resumeBytesExceeded(name);
  }

  private removeSession(
    session: SubscribedSession,
    name: string,
    { isRecoverable: hasResumeBytes, subscription, sessions }: Entry,
  ): void {
    if (hasResumeBytes) this.resumeBytes -= resumeBytes(session.endpoint, name);
    subscription.removeSession(session);
    if (!sessions.size) this.channels!.delete(name);
  }
}

function resumeBytesExceeded(name: string): CodedError {
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
