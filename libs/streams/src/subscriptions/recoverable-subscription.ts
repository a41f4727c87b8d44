import type { Message } from '@nestwire/protocol';
import type { Codec } from '@nestwire/protocol/codec';
import type { Position } from '@nestwire/messages';
import { gapPublication, isSamePosition, type StoredPublication } from '@nestwire/messages/internal';
import { sizeOf, type SharedPayload } from '../transport/shared-payload.js';
import type { ChannelSnapshots, InTurn } from './channel-snapshots.js';
import type {
  ClientSubscription,
  SubscribedConnection,
  SubscribedSession,
  FrameSink,
} from './client-subscription.js';
import type { ResumeEntry, ResumePositions } from './resume-positions.js';
import type { RecoverableTopic, TopicReceiver } from './recoverable-topic.js';
import type { BeginTask } from '../fairness/fair-queue.js';
import {
  resumeTokenSubject,
  type ResumeTokenSigner,
  type ResumeTokenSubject,
} from './resume-token-signer.js';

/** What asking the application for a snapshot counts, beside the snapshot itself. */
const SNAPSHOT_BYTES = 1_024;

/** A pause for less would read whole pages, of which little may be written. */
const MIN_PAUSE_MS = 250;

/** How long who subscribes waits for the application's answer to its call for a snapshot. */
const MAX_ASKING_MS = 1_000;

/** What the flows of a connection work with. */
export interface SubscriptionContext {
  readonly resumeTokens: ResumeTokenSigner;
  readonly resumePositions: ResumePositions;
  /** Tells which generation a resume token must be of. */
  readonly generationOf: (subject: ResumeTokenSubject) => number;
  readonly snapshots: ChannelSnapshots;
  /** Ends the subscription of a session, and tells its client why. */
  readonly end: (session: SubscribedSession, error: unknown) => void;
}

/** A way to where the process stands: of one session that joins, or of all that have. */
interface CatchUp {
  readonly session?: SubscribedSession;
  /** Takes the frames that tell the client where it stands. */
  readonly sink: FrameSink;
  from: Position | undefined;
  /** The client came back with a position that could not be accepted. */
  isRefused: boolean;
  isCancelled: boolean;
  /** It is there before those that have joined. */
  isWaiting?: boolean;
  /** A gap lies on it: the resume tokens from before open nothing behind it. */
  hasGap?: boolean;
  /** Tells who waits for it that it has begun, or never will. */
  onBegun?: () => void;
  /** Tells who waits for it that it ends with an error; absent where nobody waits. */
  onError?: (error: unknown) => void;
  /** It waits for the first answer of the application to its call for a snapshot. */
  isAsking?: boolean;
  /** Withdraws its read or its call for a snapshot, if that waits for its turn. */
  withdraw?: () => void;
}

/**
 * How a recoverable channel flows to one connection.
 *
 * It is live, or on its way there: it asks for what stands behind its position, and writes it as fast as
 * the client reads. A session that joins has a way of its own, and is told that it has subscribed in
 * the turn in which it stands where the process stands: nothing can come between.
 */
export class RecoverableSubscription implements ClientSubscription, TopicReceiver {
  private readonly pending = new Map<SubscribedSession, CatchUp>();
  /** Those that have joined, and the generation of the resume token that each had last. */
  private readonly subscribed = new Map<SubscribedSession, number>();
  /** The way of those that have joined, while the flow is not live. */
  private sharedCatchUp: CatchUp | undefined;

  constructor(
    private readonly topic: RecoverableTopic,
    private readonly connection: SubscribedConnection,
    private readonly context: SubscriptionContext,
  ) {}

  async addSession(session: SubscribedSession, sink: FrameSink): Promise<void> {
    const entry = this.context.resumePositions.take(this.subjectOf(session));
    const catchUp = catchUpOf(entry, session, sink);
    // It gets the newest message alone, which must not be older than what it had.
    if (this.topic.channel.delivery === 'latest') catchUp.from = entry?.claimed;
    this.pending.set(session, catchUp);
    await this.follow(catchUp);
    // While the history cannot be read, it has joined as far as that is possible now.
    if (catchUp.isCancelled) return;
    await new Promise<void>((resolve, reject) => {
      catchUp.onError = reject;
      catchUp.onBegun = () => {
        catchUp.onError = undefined;
        resolve();
      };
      this.advance(catchUp);
    });
  }

  removeSession(session: SubscribedSession): void {
    const catchUp = this.pending.get(session);
    if (catchUp) {
      this.cancel(catchUp);
      // Nothing is called back for what was left.
      catchUp.onBegun?.();
    }
    this.pending.delete(session);
    this.subscribed.delete(session);
    if (this.pending.size || this.subscribed.size) return;
    if (this.sharedCatchUp) this.cancel(this.sharedCatchUp);
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
    const catchUp: CatchUp = { sink: this.connection, from: position, isRefused: false, isCancelled: false };
    this.sharedCatchUp = catchUp;
    if (publication.isGap && this.hasSnapshot) void this.sendSnapshots(catchUp, publication.position);
    else this.advanceBelowSoftBound(catchUp);
  }

  private cancel(catchUp: CatchUp): void {
    catchUp.isCancelled = true;
    catchUp.withdraw?.();
  }

  /** Makes sure that the channel is followed: the first one takes a turn for it, the others wait with it. */
  private follow(catchUp: CatchUp): Promise<void> {
    if (this.topic.isFollowed) return this.topic.follow();
    return new Promise((resolve, reject) => {
      catchUp.onBegun = resolve;
      const follow = (release: () => void): void => {
        this.topic.follow().then(resolve, reject).finally(release);
      };
      this.readInTurn(catchUp, follow);
    });
  }

  private get hasSnapshot(): boolean {
    return this.topic.channel.snapshot.length > 0;
  }

  private advanceBelowSoftBound(catchUp: CatchUp): void {
    void this.connection.outbox.whenBelowSoftBound().then(() => this.advance(catchUp));
  }

  /** Goes on when the connection may read more: until then the path stands still, and nothing is lost. */
  private advanceLater(catchUp: CatchUp, waitMs: number): void {
    const advance = (): void => (this.isWanted(catchUp) ? this.advance(catchUp) : catchUp.onBegun?.());
    setTimeout(advance, waitMs + MIN_PAUSE_MS).unref();
  }

  /** Asks for what stands behind the position of a path: at once where nothing has to be read for it. */
  private advance(catchUp: CatchUp): void {
    const { topic, connection } = this;
    if (!this.isWanted(catchUp)) return catchUp.onBegun?.();
    if (!topic.position) {
      catchUp.onBegun?.();
      return topic.recover(undefined, () => this.advance(catchUp));
    }
    const isCaughtUp = !catchUp.from || isSamePosition(catchUp.from, topic.position);
    const take = (missed: readonly StoredPublication[]) => this.takeMissed(catchUp, missed);
    if (isCaughtUp || topic.isReading) return topic.recover(catchUp.from, take);
    // A read costs as much when what it brings cannot be written yet.
    const waitMs = connection.reads.waitMs();
    if (waitMs) return this.advanceLater(catchUp, waitMs);
    this.readInTurn(catchUp, (release) => {
      // Others of the same share may have read meanwhile.
      const waitedMs = connection.reads.waitMs();
      if (this.isWanted(catchUp) && !waitedMs) return topic.recoverInTurn(catchUp.from, take, release);
      release();
      if (waitedMs) this.advanceLater(catchUp, waitedMs);
      else catchUp.onBegun?.();
    });
  }

  private takeMissed(catchUp: CatchUp, missed: readonly StoredPublication[]): void {
    const { channel, position } = this.topic;
    const isGap = catchUp.isRefused && channel.delivery === 'history';
    if (this.isWanted(catchUp))
      this.write(catchUp, isGap ? [gapPublication(channel.name, position!, 'resume-refused')] : missed);
    if (!catchUp.isAsking) catchUp.onBegun?.();
  }

  /** Begins a read at once, or in its turn, unless the path is left until then. */
  private readInTurn(catchUp: CatchUp, begin: BeginTask): void {
    const withdraw = this.connection.readInTurn(begin);
    if (withdraw) catchUp.withdraw = withdraw;
  }

  /** Writes what is missing, as far as the client reads it; then the path has arrived, in the same turn. */
  private write(catchUp: CatchUp, missed: readonly StoredPublication[]): void {
    const { outbox, codec, reads } = this.connection;
    const isFirst = !catchUp.from && !catchUp.isRefused;
    for (const publication of missed) {
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
    if (isFirst && this.hasSnapshot) return void this.sendSnapshots(catchUp, this.topic.position!);
    const isHistory = this.topic.channel.delivery === 'history';
    if (isHistory && catchUp.from && !isSamePosition(catchUp.from, this.topic.position!))
      return this.advance(catchUp);
    this.finish(catchUp);
  }

  private finish(catchUp: CatchUp): void {
    if (catchUp.session) return this.subscribeOrWait(catchUp, catchUp.session);
    this.sharedCatchUp = undefined;
    if (catchUp.hasGap) this.renewResumeTokens();
    this.topic.attach(this);
    for (const waiting of this.pending.values()) {
      if (!waiting.isWaiting) continue;
      waiting.isWaiting = false;
      this.advance(waiting);
    }
  }

  /** All that have joined get the same, so nobody joins with what the others may never see. */
  private subscribeOrWait(catchUp: CatchUp, session: SubscribedSession): void {
    if (!this.sharedCatchUp) {
      this.pending.delete(session);
      this.subscribed.set(session, 0);
      catchUp.sink.send({ t: 'subscribed', ...this.positionFields(session, this.topic.position!) });
      return this.topic.attach(this);
    }
    catchUp.isWaiting = true;
    if (catchUp.from) return;
    // What comes from now on is its own.
    catchUp.from = this.topic.position!;
    catchUp.sink.send({ t: 'position', ...this.positionFields(session, catchUp.from) });
  }

  /** Sends what stands for all up to a position; what stands behind it follows. */
  private async sendSnapshots(catchUp: CatchUp, position: Position): Promise<void> {
    catchUp.from = position;
    catchUp.isRefused = false;
    catchUp.isAsking = true;
    // A handler that subscribes holds up its session.
    const timer = setTimeout(() => catchUp.onBegun?.(), MAX_ASKING_MS).unref();
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
    const request = { session, isWanted, inTurn, failed: () => catchUp.onBegun?.() };
    let messages: readonly Message[];
    try {
      messages = await this.context.snapshots.take(this.topic.channel, request);
    } catch (error) {
      return this.refused(catchUp, session, error);
    }
    catchUp.onBegun?.();
    for (const message of messages) {
      await outbox.whenBelowSoftBound();
      if (!isWanted()) return;
      const frame = frames.of(session.stream, message, this.topic.channel.name);
      outbox.push(frame);
      reads.spend(sizeOf(frame));
    }
    if (isWanted()) catchUp.sink.send({ t: 'position', ...this.positionFields(session, catchUp.from!) });
  }

  /** Ends the subscription of a session that the application gives no snapshot to. */
  private refused(catchUp: CatchUp, session: SubscribedSession, error: unknown): void {
    const isSubscribing = catchUp.session ? !catchUp.isCancelled : this.subscribed.has(session);
    if (!isSubscribing) return catchUp.onBegun?.();
    if (!catchUp.onError) return this.context.end(session, error);
    catchUp.isCancelled = true;
    catchUp.onError(error);
  }

  private snapshotInTurn<T>(catchUp: CatchUp, query: () => Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      const withdraw = this.connection.snapshotInTurn((release) => resolve(query().finally(release)));
      if (withdraw) catchUp.withdraw = withdraw;
    });
  }

  private isWanted(catchUp: CatchUp): boolean {
    return !catchUp.isCancelled && this.connection.outbox.isOpen;
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

function catchUpOf(entry: ResumeEntry | undefined, session: SubscribedSession, sink: FrameSink): CatchUp {
  const isRefused = entry !== undefined && !entry.position;
  return { session, sink, from: entry?.position, isRefused, isCancelled: false };
}
