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
import { ResumePositions, type StreamChannel } from './resume-positions.js';
import { RecoverableSubscription } from './recoverable-subscription.js';
import { ResumingChannels } from './resuming-channels.js';
import type { ResumeTokenSubject } from './resume-token-signer.js';
import { isFinalEnd } from '../auth/token-revocations.js';

interface Entry {
  readonly isRecoverable: boolean;
  readonly subscription: ClientSubscription;
  /** The number of subscriptions of each session. */
  readonly sessions: Map<SubscribedSession, number>;
}

/** The limits of the subscriptions of a connection. */
export type SubscriptionLimits = HelloLimits & Pick<StreamsLimits, 'maxSubscriptions'>;

/** The subscriptions of one connection, and the sessions that share them. */
export class ConnectionSubscriptions {
  /** The positions that the client resumes from its last connection. */
  readonly resumePositions: ResumePositions;
  private readonly tokens: ConnectionResumeTokens;
  // Created on demand, because many connections have no channel.
  private channels: Map<string, Entry> | undefined;
  /** The bytes that a `hello` needs to resume all channels. */
  private resumeBytes = 0;
  /** The time of the last renewal of all resume tokens. */
  private resumeTokensAtMs = performance.now();

  constructor(
    private readonly context: ClientChannels,
    private readonly connection: SubscribedConnection,
    private readonly limits: SubscriptionLimits,
  ) {
    this.resumePositions = new ResumePositions(context.resumeTokens);
    this.tokens = new ConnectionResumeTokens(context.revocations, () => this.replaceResumeTokens());
  }

  /** Stores the client's positions; resolves when their resume tokens are checked. */
  async acceptResumePositions(holder: string, positions: readonly ResumePosition[]): Promise<void> {
    this.resumePositions.accept(holder, positions);
    const { provenEndpoints } = this.resumePositions;
    if (provenEndpoints.size) this.resumePositions.revoke(await this.tokens.read(holder, provenEndpoints));
  }

  /** The number of channels that the connection is subscribed to. */
  get size(): number {
    return this.channels?.size ?? 0;
  }

  /**
   * Subscribes a session to a channel; each call needs its own removal.
   *
   * @throws {CodedError} TOO_MANY_SUBSCRIPTIONS when the connection has `maxSubscriptions` channels, or could not resume all
   * @throws {CodedError} CHANNEL_MISMATCH when the connection has the channel with another definition
   * @throws {StreamsConfigurationError} when no method returns the snapshot of the channel
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
    if (entry.isRecoverable && !count) this.resumeBytes += resumeBytes(session, name);
    entry.sessions.set(session, count + 1);
    const isResumed = this.resumePositions.find(inStream(session, name))?.position !== undefined;
    if (entry.isRecoverable && !count && !isResumed) this.tokens.need(session);
    try {
      if (!count) await entry.subscription.addSession(session, sink);
    } catch (error) {
      this.removeOne(session, name);
      throw error;
    }
    return new Subscription(name, () => this.removeByServer(session, name));
  }

  /** Returns the channels that a session's stream can resume. */
  resumingOf(session: SubscribedSession): ResumingChannels {
    return new ResumingChannels({
      names: () => this.resumePositions.provenNamesOf(session),
      release: (name) => {
        if (this.resumePositions.find(inStream(session, name))?.position) this.tokens.revoke(session, name);
        this.release(session, name);
      },
    });
  }

  /** Resumes the channels of a session's stream that the application has not released. */
  async resume(session: SubscribedSession): Promise<void> {
    // All start at once, so that a history that cannot be read delays no other channel.
    const begun: Promise<void>[] = [];
    const rest = slicedWork.forEach(this.resumePositions.namesOf(session), (name) => {
      if (!session.endReason) begun.push(this.resumeOne(session, name));
    });
    if (rest) await rest;
    const failed = (await Promise.allSettled(begun)).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }

  private async resumeOne(session: SubscribedSession, name: string): Promise<void> {
    const channel = definedChannel(name);
    const entry = this.resumePositions.find(inStream(session, name));
    if (channel && isRecoverable(channel) && entry?.position) await this.addResumed(session, channel);
    // A new subscriber receives the newest message, so there is no gap.
    else if (channel?.delivery === 'latest') this.release(session, name);
    else this.refuseResume(session, name);
  }

  /** Resumes one channel; a refused snapshot does not fail the open of the stream. */
  private async addResumed(session: SubscribedSession, channel: Channel): Promise<void> {
    try {
      await this.add(session, channel, this.connection.answers);
    } catch (error) {
      if (!isSnapshotRefusal(error)) throw error;
      this.sendError(session, error);
    }
  }

  /** Tells the client that a channel is not resumed; a later subscription reports the gap again. */
  private refuseResume(session: SubscribedSession, channel: string): void {
    const { stream } = session;
    // A client that opens and closes its stream repeatedly is told once.
    const claimed = this.resumePositions.refuseOnce(inStream(session, channel));
    if (!claimed) return;
    const { codec, outbox } = this.connection;
    const gap = gapPublication(channel, claimed, 'resume-refused');
    outbox.push(codec.encodePublication(channel, gap, { stream, ...claimed }));
    this.connection.answers.send({ t: 'unsubscribed', stream, channel });
  }

  /** Releases a channel that a session's stream could resume; the client forgets its position. */
  release(session: SubscribedSession, name: string): void {
    if (this.resumePositions.take(inStream(session, name)))
      this.connection.answers.send({ t: 'unsubscribed', stream: session.stream, channel: name });
  }

  /** Sends resume tokens of the identity that the kept sessions belong to now. */
  adopted(holder: string): void {
    if (!this.size) return;
    this.tokens.need({ holder });
    this.renewResumeTokens(this.connection.answers);
  }

  /** Renews the resume tokens after half of their lifetime. */
  checkResumeTokens(now: number): void {
    this.tokens.check(now);
    if (now - this.resumeTokensAtMs > this.context.resumeTokenMs / 2)
      this.renewResumeTokens(this.connection, now);
  }

  /** Sends new resume tokens for all subscriptions. */
  renewResumeTokens(sink: FrameSink, now = performance.now()): void {
    this.resumeTokensAtMs = now;
    void slicedWork.forEach(this.channels?.values() ?? [], ({ subscription }) =>
      subscription.renewResumeTokens(sink),
    );
  }

  /** Sends new resume tokens in place of those that a revocation of others made void. */
  private replaceResumeTokens(): void {
    const { answers } = this.connection;
    void slicedWork.forEach(this.channels?.values() ?? [], ({ subscription }) =>
      subscription.replaceResumeTokens(answers),
    );
  }

  /**
   * Ends all subscriptions of a session, and revokes their tokens if the server ended the session.
   *
   * Returns a promise if that takes more than this turn of the event loop.
   */
  removeAll(session: SubscribedSession): Promise<void> | undefined {
    if (!this.channels) return undefined;
    const isFinal = session.endReason !== undefined && isFinalEnd(session.endReason);
    const remove = ([name, entry]: [string, Entry]): void => {
      if (!entry.sessions.delete(session)) return;
      if (isFinal && entry.isRecoverable) this.tokens.revoke(session, name);
      this.removeSession(session, name, entry);
    };
    // A lost client receives nothing. Tokens must be void before it reconnects, so only others may wait.
    if (!this.connection.outbox.isOpen && !isFinal) return slicedWork.forEach(this.channels, remove);
    for (const channel of this.channels) remove(channel);
    return undefined;
  }

  private addChannel(name: string, channel: string | Channel): Entry {
    const { maxSubscriptions } = this.limits;
    if (this.size >= maxSubscriptions) {
      const message = `This connection has reached its limit of ${maxSubscriptions} subscriptions: raise "limits.maxSubscriptions", or subscribe to fewer channels.`;
      throw new CodedError(ErrorCode.TooManySubscriptions, message);
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

  /** Ends a subscription for the application, and revokes its tokens. */
  private removeByServer(session: SubscribedSession, name: string): void {
    const entry = this.channels?.get(name);
    const isFinal = !session.endReason || isFinalEnd(session.endReason);
    if (entry?.isRecoverable && entry.sessions.get(session) === 1 && isFinal)
      this.tokens.revoke(session, name);
    this.removeOne(session, name);
  }

  /** Ends a subscription whose snapshot the application refused. */
  private endByError(error: unknown, session: SubscribedSession, name: string): void {
    const entry = this.channels?.get(name);
    if (!entry?.sessions.has(session)) return;
    this.sendError(session, error);
    entry.sessions.set(session, 1);
    this.removeByServer(session, name);
  }

  /** Sends an error that answers no frame. */
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

  /** Refuses a channel that does not fit into one `hello` with the others. */
  private checkResumePositions(session: SubscribedSession, name: string): void {
    if (this.channels?.get(name)?.sessions.has(session)) return;
    const bytes = this.resumeBytes + resumeBytes(session, name);
    if (bytes > maxResumeBytes(this.limits)) throw resumeBytesExceeded(name);
  }

  private removeSession(
    session: SubscribedSession,
    name: string,
    { isRecoverable: hasResumeBytes, subscription, sessions }: Entry,
  ): void {
    if (hasResumeBytes) this.resumeBytes -= resumeBytes(session, name);
    subscription.removeSession(session);
    if (!sessions.size) this.channels?.delete(name);
  }
}

function inStream({ endpoint, paramsText }: SubscribedSession, channel: string): StreamChannel {
  return { endpoint, paramsText, channel };
}

function resumeBytesExceeded(name: string): CodedError {
  return new CodedError(
    ErrorCode.TooManySubscriptions,
    `The channel "${name}" does not fit into the "hello" of a reconnecting client with the other channels of this ` +
      'connection: raise "limits.maxPayloadBytes", or subscribe to fewer channels with history.',
  );
}

function withoutSnapshot(name: string): StreamsConfigurationError {
  return new StreamsConfigurationError([
    `The channel "${name}" is defined with a snapshot, but no provider has a method with @ChannelSnapshot for it: add one.`,
  ]);
}

function mismatch(name: string): CodedError {
  return new CodedError(
    ErrorCode.ChannelMismatch,
    `The channel "${name}" is already subscribed on this connection with another definition: ` +
      'use one definition of the channel everywhere.',
  );
}
