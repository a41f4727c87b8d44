import type { Message } from '@nestwire/protocol';
import type { Codec } from '@nestwire/protocol/codec';
import type { Position } from '@nestwire/messages';
import {
  exclusionOf,
  gapPublication,
  isSamePosition,
  skippedPublication,
  type StoredPublication,
} from '@nestwire/messages/internal';
import { payloadSizeOf, type SharedPayload } from '../transport/shared-payload.js';
import { CatchUp } from './catch-up.js';
import type { ChannelSnapshots, InTurn } from './channel-snapshots.js';
import type {
  ClientSubscription,
  SubscribedConnection,
  SubscribedSession,
  FrameSink,
} from './client-subscription.js';
import type { ResumePositions } from './resume-positions.js';
import type { RecoverableTopic, TopicReceiver } from './recoverable-topic.js';
import type { BeginTask } from '../fairness/fair-queue.js';
import {
  resumeTokenSubject,
  type ResumeTokenSigner,
  type ResumeTokenSubject,
} from './resume-token-signer.js';

/** The cost of a snapshot call, in bytes; the snapshot itself counts extra. */
const SNAPSHOT_BYTES = 1_024;

/** The minimum pause; after a shorter one a whole page is read and only a little of it written. */
const MIN_PAUSE_MS = 250;

/** The maximum time that `subscribe` waits for the application's snapshot. */
const MAX_ASKING_MS = 1_000;

/** The parts of a connection that its recoverable subscriptions share. */
export interface SubscriptionContext {
  readonly resumeTokens: ResumeTokenSigner;
  readonly resumePositions: ResumePositions;
  /** Returns the generation that a resume token must have. */
  readonly generationOf: (subject: ResumeTokenSubject) => number;
  readonly snapshots: ChannelSnapshots;
  /** Ends the subscription of a session, and sends the error to its client. */
  readonly end: (session: SubscribedSession, error: unknown) => void;
}

/**
 * The subscription of one connection to a recoverable channel.
 *
 * It is live, or it catches up: it reads the publications after its position and writes them as fast as the
 * client reads. A new session has its own catch-up. It is subscribed in the same turn of the event loop in
 * which it reaches the position of the process, so that no publication is lost in between.
 */
export class RecoverableSubscription implements ClientSubscription, TopicReceiver {
  readonly exclusion: string;
  private readonly pending = new Map<SubscribedSession, CatchUp>();
  /** The subscribed sessions, each with the generation of its last resume token. */
  private readonly subscribed = new Map<SubscribedSession, number>();
  /** The catch-up of the subscribed sessions; undefined while they are live. */
  private sharedCatchUp: CatchUp | undefined;

  constructor(
    private readonly topic: RecoverableTopic,
    private readonly connection: SubscribedConnection,
    private readonly context: SubscriptionContext,
  ) {
    this.exclusion = exclusionOf(connection.clientName, topic.channel.name);
  }

  async addSession(session: SubscribedSession, sink: FrameSink): Promise<void> {
    const entry = this.context.resumePositions.take(this.subjectOf(session));
    const catchUp = CatchUp.ofSession(session, entry, sink);
    // It receives only the newest message, which must not be older than its last one.
    if (this.topic.channel.delivery === 'latest') catchUp.from = entry?.claimed;
    this.pending.set(session, catchUp);
    await this.follow(catchUp);
    if (catchUp.hasEnded) return;
    await new Promise<void>((resolve, reject) => {
      catchUp.waitWith({ resolve, reject });
      this.advance(catchUp);
    });
  }

  removeSession(session: SubscribedSession): void {
    const catchUp = this.pending.get(session);
    catchUp?.cancel();
    catchUp?.begun();
    this.pending.delete(session);
    this.subscribed.delete(session);
    if (this.pending.size || this.subscribed.size) return;
    this.sharedCatchUp?.cancel();
    this.topic.close(this);
  }

  renewResumeTokens(sink: FrameSink = this.connection): void {
    for (const session of this.subscribed.keys()) this.renewResumeToken(session, sink);
  }

  replaceResumeTokens(sink: FrameSink): void {
    for (const [session, generation] of this.subscribed)
      if (this.context.generationOf(this.subjectOf(session)) > generation)
        this.renewResumeToken(session, sink);
  }

  private renewResumeToken(session: SubscribedSession, sink: FrameSink): void {
    const position = this.sharedCatchUp ? this.sharedCatchUp.from : this.topic.position;
    if (!position) return;
    const { name: channel } = this.topic.channel;
    const resumeToken = this.resumeTokenOf(session, position);
    sink.send({ t: 'position', stream: session.stream, channel, resumeToken });
  }

  get codec(): Codec {
    return this.connection.codec;
  }

  push(frame: SharedPayload): boolean {
    return this.connection.pushPublication(frame);
  }

  fallBehind(publication: StoredPublication, position: Position): void {
    const catchUp = CatchUp.ofFallenBehind(position, this.connection);
    this.sharedCatchUp = catchUp;
    if (publication.isGap && this.hasSnapshot) void this.sendSnapshots(catchUp, publication.position);
    else this.advanceBelowSoftBound(catchUp);
  }

  /** Follows the channel; the first subscriber takes a turn for it, and the others wait with it. */
  private follow(catchUp: CatchUp): Promise<void> {
    if (this.topic.isFollowed) return this.topic.follow();
    return new Promise((resolve, reject) => {
      catchUp.waitWith({ resolve, reject });
      const follow = (release: () => void): void => {
        this.topic.follow().then(resolve, reject).finally(release);
      };
      this.readInTurn(catchUp, follow);
    });
  }

  /** The position of the process; publications are written only after it is known. */
  private get processPosition(): Position {
    const { position } = this.topic;
    if (!position) throw new Error('The history of the channel was not read yet.');
    return position;
  }

  private get hasSnapshot(): boolean {
    return this.topic.channel.snapshot.length > 0;
  }

  private advanceBelowSoftBound(catchUp: CatchUp): void {
    void this.connection.outbox.whenBelowSoftBound().then(() => this.advance(catchUp));
  }

  /** Continues when the connection may read more; the position stays, so nothing is lost. */
  private advanceLater(catchUp: CatchUp, waitMs: number): void {
    const advance = (): void => (this.isWanted(catchUp) ? this.advance(catchUp) : catchUp.begun());
    setTimeout(advance, waitMs + MIN_PAUSE_MS).unref();
  }

  /** Reads the publications after the position: at once when no read is necessary, else in turn. */
  private advance(catchUp: CatchUp): void {
    const { topic, connection } = this;
    if (!this.isWanted(catchUp)) return catchUp.begun();
    catchUp.enter('reading');
    if (!topic.position) {
      catchUp.begun();
      return topic.recover(undefined, () => this.advance(catchUp));
    }
    const isCaughtUp = !catchUp.from || isSamePosition(catchUp.from, topic.position);
    const take = (missed: readonly StoredPublication[]) => this.takeMissed(catchUp, missed);
    if (isCaughtUp || topic.isReading) return topic.recover(catchUp.from, take);
    // A read costs the same when its result cannot be written yet.
    const waitMs = connection.reads.waitMs();
    if (waitMs) return this.advanceLater(catchUp, waitMs);
    this.readInTurn(catchUp, (release) => {
      // Other clients of the same share may have read meanwhile.
      const waitedMs = connection.reads.waitMs();
      if (this.isWanted(catchUp) && !waitedMs) return topic.recoverInTurn(catchUp.from, take, release);
      release();
      if (waitedMs) this.advanceLater(catchUp, waitedMs);
      else catchUp.begun();
    });
  }

  private takeMissed(catchUp: CatchUp, missed: readonly StoredPublication[]): void {
    const { channel } = this.topic;
    const isGap = catchUp.isRefused && channel.delivery === 'history';
    if (this.isWanted(catchUp))
      this.write(
        catchUp,
        isGap ? [gapPublication(channel.name, this.processPosition, 'resume-refused')] : missed,
      );
    if (!catchUp.isAsking) catchUp.begun();
  }

  /** Begins a read at once, or in its turn unless the catch-up is cancelled before. */
  private readInTurn(catchUp: CatchUp, begin: BeginTask): void {
    const withdraw = this.connection.readInTurn(begin);
    if (withdraw) catchUp.withdraw = withdraw;
  }

  /** Writes the missed publications as fast as the client reads; finishes in the turn of the last one. */
  private write(catchUp: CatchUp, missed: readonly StoredPublication[]): void {
    const { outbox, codec, reads } = this.connection;
    const isFirst = !catchUp.from && !catchUp.isRefused;
    for (const stored of missed) {
      const publication = stored.exclusion === this.exclusion ? skippedPublication(stored) : stored;
      const sent = this.topic.frames.of(publication, codec, catchUp.session?.stream);
      const { isGap } = sent.publication;
      if (isGap && this.hasSnapshot) return void this.sendSnapshots(catchUp, publication.position);
      if (outbox.isAboveSoftBound) return this.advanceBelowSoftBound(catchUp);
      const waitMs = reads.waitMs();
      if (waitMs) return this.advanceLater(catchUp, waitMs);
      if (sent.frame) {
        outbox.push(sent.frame);
        reads.spend(sent.frame.byteLength);
      }
      catchUp.from = publication.position;
      catchUp.isRefused = false;
      catchUp.hasGap ||= isGap;
    }
    if (isFirst && this.hasSnapshot) return void this.sendSnapshots(catchUp, this.processPosition);
    const isHistory = this.topic.channel.delivery === 'history';
    if (isHistory && catchUp.from && !isSamePosition(catchUp.from, this.processPosition))
      return this.advance(catchUp);
    this.finish(catchUp);
  }

  private finish(catchUp: CatchUp): void {
    if (catchUp.session) return this.subscribeOrWait(catchUp, catchUp.session);
    catchUp.enter('ended');
    this.sharedCatchUp = undefined;
    if (catchUp.hasGap) this.renewResumeTokens();
    this.topic.attach(this);
    for (const other of this.pending.values()) if (other.isWaiting) this.advance(other);
  }

  /** Joined sessions share one stream, so a newcomer waits until they have caught up. */
  private subscribeOrWait(catchUp: CatchUp, session: SubscribedSession): void {
    if (!this.sharedCatchUp) {
      catchUp.enter('ended');
      this.pending.delete(session);
      this.subscribed.set(session, 0);
      catchUp.sink.send({ t: 'subscribed', ...this.positionFields(session, this.processPosition) });
      return this.topic.attach(this);
    }
    catchUp.enter('waiting');
    if (catchUp.from) return;
    // The session receives all publications from here on.
    catchUp.from = this.processPosition;
    catchUp.sink.send({ t: 'position', ...this.positionFields(session, catchUp.from) });
  }

  /** Sends the snapshots up to a position; the publications after it follow. */
  private async sendSnapshots(catchUp: CatchUp, position: Position): Promise<void> {
    catchUp.from = position;
    catchUp.isRefused = false;
    catchUp.enter('asking');
    // A handler that subscribes delays the other messages of its session.
    const timer = setTimeout(() => catchUp.begun(), MAX_ASKING_MS).unref();
    for (const session of catchUp.session ? [catchUp.session] : [...this.subscribed.keys()])
      await this.sendSnapshot(catchUp, session);
    clearTimeout(timer);
    if (this.isWanted(catchUp)) this.advance(catchUp);
  }

  private async sendSnapshot(catchUp: CatchUp, session: SubscribedSession): Promise<void> {
    const { outbox, frames, reads } = this.connection;
    const isWanted = (): boolean =>
      this.isWanted(catchUp) && (catchUp.session !== undefined || this.subscribed.has(session));
    await allowed(reads);
    reads.spend(SNAPSHOT_BYTES);
    const inTurn: InTurn = (query) => this.snapshotInTurn(catchUp, query);
    const request = { session, isWanted, inTurn, failed: () => catchUp.begun() };
    let messages: readonly Message[];
    try {
      messages = await this.context.snapshots.take(this.topic.channel, request);
    } catch (error) {
      return this.refused(catchUp, session, error);
    }
    catchUp.begun();
    for (const message of messages) {
      await outbox.whenBelowSoftBound();
      if (!isWanted()) return;
      const frame = frames.of(session.stream, message, this.topic.channel.name);
      outbox.push(frame);
      reads.spend(payloadSizeOf(frame));
    }
    const { from } = catchUp;
    if (isWanted() && from) catchUp.sink.send({ t: 'position', ...this.positionFields(session, from) });
  }

  /** Ends the subscription of a session whose snapshot the application refused. */
  private refused(catchUp: CatchUp, session: SubscribedSession, error: unknown): void {
    const isSubscribing = catchUp.session ? !catchUp.hasEnded : this.subscribed.has(session);
    if (!isSubscribing) return catchUp.begun();
    if (!catchUp.hasWaiter) return this.context.end(session, error);
    catchUp.fail(error);
  }

  private snapshotInTurn<T>(catchUp: CatchUp, query: () => Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      const withdraw = this.connection.snapshotInTurn((release) => resolve(query().finally(release)));
      if (withdraw) catchUp.withdraw = withdraw;
    });
  }

  private isWanted(catchUp: CatchUp): boolean {
    return !catchUp.hasEnded && this.connection.outbox.isOpen;
  }

  private positionFields(session: SubscribedSession, { epoch, offset, id }: Position) {
    return {
      stream: session.stream,
      channel: this.topic.channel.name,
      position: [epoch, offset, id],
      resumeToken: this.resumeTokenOf(session, { epoch, offset, id }),
    } as const;
  }

  private resumeTokenOf(session: SubscribedSession, start: Position): string {
    const subject = this.subjectOf(session);
    const generation = this.context.generationOf(subject);
    if (this.subscribed.has(session)) this.subscribed.set(session, generation);
    return this.context.resumeTokens.issue(subject, start, generation);
  }

  private subjectOf(session: SubscribedSession): ResumeTokenSubject {
    return resumeTokenSubject(session, this.topic.channel.name);
  }
}

/** Resolves when a connection may read more. */
async function allowed(reads: SubscribedConnection['reads']): Promise<void> {
  const waitMs = reads.waitMs();
  if (waitMs) await new Promise((resolve) => setTimeout(resolve, waitMs).unref());
}
