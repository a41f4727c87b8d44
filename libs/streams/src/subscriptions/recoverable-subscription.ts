import type { Message } from '@nestwire/protocol';
import type { Codec } from '@nestwire/protocol/codec';
import type { Position } from '@nestwire/messages';
import { gapPublication, isSamePosition, type StoredPublication } from '@nestwire/messages/internal';
import { WsFrame } from '../transport/ws-frame.js';
import type { ChannelSnapshots, InTurn } from './channel-snapshots.js';
import type {
  ClientSubscription,
  SubscribedConnection,
  SubscribedSession,
  FrameSink,
} from './client-subscription.js';
import type { Held, ResumePositions } from './resume-positions.js';
import type { RecoverableTopic, TopicMember } from './recoverable-topic.js';
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
  readonly held: ResumePositions;
  /** Tells which generation a resume token must be of. */
  readonly generationOf: (subject: ResumeTokenSubject) => number;
  readonly snapshots: ChannelSnapshots;
  /** Ends the subscription of a session, and tells its client why. */
  readonly end: (session: SubscribedSession, error: unknown) => void;
}

/** A way to where the process stands: of one session that joins, or of all that have. */
interface Path {
  readonly session?: SubscribedSession;
  /** Takes the frames that tell the client where it stands. */
  readonly sink: FrameSink;
  from: Position | undefined;
  /** The client came back with a position that could not be accepted. */
  isRefused: boolean;
  isLeft: boolean;
  /** It is there before those that have joined. */
  isWaiting?: boolean;
  /** A gap lies on it: the resume tokens from before open nothing behind it. */
  hasGap?: boolean;
  /** Tells who waits for it that it has begun, or never will. */
  begun?: () => void;
  /** Tells who waits for it that it ends with an error; absent where nobody waits. */
  fail?: (error: unknown) => void;
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
export class RecoverableSubscription implements ClientSubscription, TopicMember {
  private readonly joining = new Map<SubscribedSession, Path>();
  /** Those that have joined, and the generation of the resume token that each had last. */
  private readonly joined = new Map<SubscribedSession, number>();
  /** The way of those that have joined, while the flow is not live. */
  private behind: Path | undefined;

  constructor(
    private readonly topic: RecoverableTopic,
    private readonly member: SubscribedConnection,
    private readonly context: SubscriptionContext,
  ) {}

  async join(session: SubscribedSession, sink: FrameSink): Promise<void> {
    const held = this.context.held.take(this.subjectOf(session));
    const path = pathOf(held, session, sink);
    // It gets the newest message alone, which must not be older than what it had.
    if (this.topic.channel.delivery === 'latest') path.from = held?.claimed;
    this.joining.set(session, path);
    await this.follow(path);
    // While the history cannot be read, it has joined as far as that is possible now.
    if (path.isLeft) return;
    await new Promise<void>((resolve, reject) => {
      path.fail = reject;
      path.begun = () => {
        path.fail = undefined;
        resolve();
      };
      this.goOn(path);
    });
  }

  leave(session: SubscribedSession): void {
    const path = this.joining.get(session);
    if (path) {
      this.abandon(path);
      // Nothing is called back for what was left.
      path.begun?.();
    }
    this.joining.delete(session);
    this.joined.delete(session);
    if (this.joining.size || this.joined.size) return;
    if (this.behind) this.abandon(this.behind);
    this.topic.close(this);
  }

  renewResumeTokens(sink: FrameSink = this.member): void {
    for (const session of this.joined.keys()) this.renewResumeToken(session, sink);
  }

  replaceResumeTokens(sink: FrameSink): void {
    for (const [session, generation] of this.joined)
      if (this.context.generationOf(this.subjectOf(session)) > generation)
        this.renewResumeToken(session, sink);
  }

  private renewResumeToken(session: SubscribedSession, sink: FrameSink): void {
    const place = this.behind ? this.behind.from : this.topic.position;
    if (!place) return;
    const { endpoint, channel } = this.subjectOf(session);
    sink.send({ t: 'position', endpoint, channel, resumeToken: this.resumeTokenOf(session, place) });
  }

  get codec(): Codec {
    return this.member.codec;
  }

  take(frame: WsFrame): boolean {
    return this.member.pushPublication(frame);
  }

  fallBehind(publication: StoredPublication, position: Position): void {
    const path: Path = { sink: this.member, from: position, isRefused: false, isLeft: false };
    this.behind = path;
    if (publication.isGap && this.hasSnapshot) void this.sendSnapshots(path, publication.position);
    else this.goOnBelowSoftBound(path);
  }

  private abandon(path: Path): void {
    path.isLeft = true;
    path.withdraw?.();
  }

  /** Makes sure that the channel is followed: the first one takes a turn for it, the others wait with it. */
  private follow(path: Path): Promise<void> {
    if (this.topic.isBegun) return this.topic.follow();
    return new Promise((resolve, reject) => {
      path.begun = resolve;
      const follow = (release: () => void): void => {
        this.topic.follow().then(resolve, reject).finally(release);
      };
      this.wait(path, follow);
    });
  }

  private get hasSnapshot(): boolean {
    return this.topic.channel.snapshot.length > 0;
  }

  private goOnBelowSoftBound(path: Path): void {
    void this.member.outbox.whenBelowSoftBound().then(() => this.goOn(path));
  }

  /** Goes on when the connection may read more: until then the path stands still, and nothing is lost. */
  private goOnLater(path: Path, waitMs: number): void {
    const goOn = (): void => (this.isWanted(path) ? this.goOn(path) : path.begun?.());
    setTimeout(goOn, waitMs + MIN_PAUSE_MS).unref();
  }

  /** Asks for what stands behind the position of a path: at once where nothing has to be read for it. */
  private goOn(path: Path): void {
    const { topic, member } = this;
    if (!this.isWanted(path)) return path.begun?.();
    if (!topic.position) {
      path.begun?.();
      return topic.recover(undefined, () => this.goOn(path));
    }
    const isThere = !path.from || isSamePosition(path.from, topic.position);
    const take = (missed: readonly StoredPublication[]) => this.takeMissed(path, missed);
    if (isThere || topic.isRead) return topic.recover(path.from, take);
    // A read costs as much when what it brings cannot be written yet.
    const waitMs = member.reads.waitMs();
    if (waitMs) return this.goOnLater(path, waitMs);
    this.wait(path, (release) => {
      // Others of the same share may have read meanwhile.
      const waitedMs = member.reads.waitMs();
      if (this.isWanted(path) && !waitedMs) return topic.recoverInTurn(path.from, take, release);
      release();
      if (waitedMs) this.goOnLater(path, waitedMs);
      else path.begun?.();
    });
  }

  private takeMissed(path: Path, missed: readonly StoredPublication[]): void {
    const { channel, position } = this.topic;
    const isGap = path.isRefused && channel.delivery === 'history';
    if (this.isWanted(path))
      this.write(path, isGap ? [gapPublication(channel.name, position!, 'resume-refused')] : missed);
    if (!path.isAsking) path.begun?.();
  }

  /** Begins a read at once, or in its turn, unless the path is left until then. */
  private wait(path: Path, begin: BeginTask): void {
    const withdraw = this.member.readInTurn(begin);
    if (withdraw) path.withdraw = withdraw;
  }

  /** Writes what is missing, as far as the client reads it; then the path has arrived, in the same turn. */
  private write(path: Path, missed: readonly StoredPublication[]): void {
    const { outbox, codec, reads } = this.member;
    const isFirst = !path.from && !path.isRefused;
    for (const publication of missed) {
      const sent = this.topic.frames.of(publication, codec, path.session?.endpoint);
      const { isGap } = sent.publication;
      if (isGap && this.hasSnapshot) return void this.sendSnapshots(path, publication.position);
      if (outbox.isAboveSoftBound) return this.goOnBelowSoftBound(path);
      const waitMs = reads.waitMs();
      if (waitMs) return this.goOnLater(path, waitMs);
      if (sent.frame) {
        outbox.push(sent.frame);
        reads.spend(sent.frame.bytes.length);
      }
      path.from = publication.position;
      path.isRefused = false;
      path.hasGap ||= isGap;
    }
    if (isFirst && this.hasSnapshot) return void this.sendSnapshots(path, this.topic.position!);
    const isHistory = this.topic.channel.delivery === 'history';
    if (isHistory && path.from && !isSamePosition(path.from, this.topic.position!)) return this.goOn(path);
    this.arrive(path);
  }

  private arrive(path: Path): void {
    if (path.session) return this.joinOrWait(path, path.session);
    this.behind = undefined;
    if (path.hasGap) this.renewResumeTokens();
    this.topic.join(this);
    for (const waiting of this.joining.values()) {
      if (!waiting.isWaiting) continue;
      waiting.isWaiting = false;
      this.goOn(waiting);
    }
  }

  /** All that have joined get the same, so nobody joins with what the others may never see. */
  private joinOrWait(path: Path, session: SubscribedSession): void {
    if (!this.behind) {
      this.joining.delete(session);
      this.joined.set(session, 0);
      path.sink.send({ t: 'subscribed', ...this.placeOf(session, this.topic.position!) });
      return this.topic.join(this);
    }
    path.isWaiting = true;
    if (path.from) return;
    // What comes from now on is its own.
    path.from = this.topic.position!;
    path.sink.send({ t: 'position', ...this.placeOf(session, path.from) });
  }

  /** Sends what stands for all up to a position; what stands behind it follows. */
  private async sendSnapshots(path: Path, position: Position): Promise<void> {
    path.from = position;
    path.isRefused = false;
    path.isAsking = true;
    // A handler that subscribes holds up its session.
    const timer = setTimeout(() => path.begun?.(), MAX_ASKING_MS).unref();
    for (const session of path.session ? [path.session] : [...this.joined.keys()])
      await this.sendSnapshot(path, session);
    clearTimeout(timer);
    if (this.isWanted(path)) this.goOn(path);
  }

  private async sendSnapshot(path: Path, session: SubscribedSession): Promise<void> {
    const { outbox, frames, reads } = this.member;
    const isWanted = (): boolean =>
      this.isWanted(path) && (path.session !== undefined || this.joined.has(session));
    await allowed(reads);
    reads.spend(SNAPSHOT_BYTES);
    const inTurn: InTurn = (query) => this.snapshotInTurn(path, query);
    const asker = { session, isWanted, inTurn, failed: () => path.begun?.() };
    let messages: readonly Message[];
    try {
      messages = await this.context.snapshots.take(this.topic.channel, asker);
    } catch (error) {
      return this.refused(path, session, error);
    }
    path.begun?.();
    for (const message of messages) {
      await outbox.whenBelowSoftBound();
      if (!isWanted()) return;
      const frame = frames.of(session.endpoint, message, this.topic.channel.name);
      outbox.push(frame);
      reads.spend(frame instanceof WsFrame ? frame.bytes.length : frame.length);
    }
    if (isWanted()) path.sink.send({ t: 'position', ...this.placeOf(session, path.from!) });
  }

  /** Ends the subscription of a session that the application gives no snapshot to. */
  private refused(path: Path, session: SubscribedSession, error: unknown): void {
    const isHere = path.session ? !path.isLeft : this.joined.has(session);
    if (!isHere) return path.begun?.();
    if (!path.fail) return this.context.end(session, error);
    path.isLeft = true;
    path.fail(error);
  }

  private snapshotInTurn<T>(path: Path, query: () => Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      const withdraw = this.member.snapshotInTurn((release) => resolve(query().finally(release)));
      if (withdraw) path.withdraw = withdraw;
    });
  }

  private isWanted(path: Path): boolean {
    return !path.isLeft && this.member.outbox.isOpen;
  }

  private placeOf(session: SubscribedSession, { epoch, offset, id }: Position) {
    const { endpoint, channel } = this.subjectOf(session);
    return {
      endpoint,
      channel,
      position: [epoch, offset, id],
      resumeToken: this.resumeTokenOf(session, { epoch, offset, id }),
    } as const;
  }

  private resumeTokenOf(session: SubscribedSession, start: Position): string {
    const subject = this.subjectOf(session);
    const generation = this.context.generationOf(subject);
    if (this.joined.has(session)) this.joined.set(session, generation);
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

function pathOf(held: Held | undefined, session: SubscribedSession, sink: FrameSink): Path {
  const isRefused = held !== undefined && !held.position;
  return { session, sink, from: held?.position, isRefused, isLeft: false };
}
