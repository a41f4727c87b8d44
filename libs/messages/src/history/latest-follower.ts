import type { HistoryChannel } from './history-channel.js';
import type { StoredMessage } from './stored-message.js';
import { deferred } from '../scheduling/deferred.js';
import type { StoredPublication } from './stored-publication.js';
import { isSamePosition, positionOf, type Position } from './position.js';
import {
  publicationOf,
  type ChannelFollower,
  type FollowerContext,
  type TakeMissed,
} from './channel-follower.js';
import { ReadPacer } from './read-pacer.js';

/** Follows a `latest` channel: delivers the newest message, and never a gap. */
export class LatestFollower implements ChannelFollower {
  private currentPosition: Position | undefined;
  private newest: StoredPublication | undefined;
  /** The newest message that arrived before the first read. */
  private early: StoredMessage | undefined;
  private readonly readiness = deferred<void>();
  private readonly pacer: ReadPacer;
  private waiting: Array<{ readonly since: Position | undefined; readonly take: TakeMissed }> = [];

  constructor(
    private readonly channel: HistoryChannel,
    private readonly context: FollowerContext,
  ) {
    this.pacer = new ReadPacer(
      context,
      () => this.read(),
      () => this.readiness.resolve(),
    );
    this.pacer.want();
  }

  get position(): Position | undefined {
    return this.currentPosition;
  }

  get ready(): Promise<void> {
    return this.readiness.promise;
  }

  stored(messages: readonly StoredMessage[]): void {
    const newest = messages.at(-1);
    if (!newest) return;
    if (!this.currentPosition) this.early = newest;
    else if (newest.epoch !== this.currentPosition.epoch) this.pacer.wantSoon();
    else if (newest.offset > this.currentPosition.offset) this.become(newest);
    else if (newest.offset === this.currentPosition.offset && newest.id !== this.currentPosition.id)
      this.pacer.wantSoon();
  }

  markSuspect(): void {
    this.pacer.wantSoon();
  }

  recover(since: Position | undefined, take: TakeMissed): void {
    if (this.currentPosition && !this.isAhead(since)) return take(this.missedBy(since));
    this.waiting.push({ since, take });
    // The subscriber may have a newer message from another server, which an older one must not follow.
    if (this.currentPosition) this.pacer.want();
  }

  close(): void {
    this.pacer.close();
    this.waiting = [];
    this.readiness.resolve();
  }

  private async read(): Promise<void> {
    const before = this.currentPosition;
    this.context.counts.reads++;
    const { head, messages } = await this.context.read({ last: 1 }, this.context.limits);
    if (this.pacer.isClosed) return;
    // A message that arrived during the read is newer than the page, or will be compared again.
    if (this.currentPosition === before) this.compare(head, messages.at(-1));
    if (this.early) this.stored([this.early]);
    this.early = undefined;
    this.readiness.resolve();
    for (const { since, take } of this.waiting.splice(0)) take(this.missedBy(since));
  }

  private compare(head: Position, newest: StoredMessage | undefined): void {
    const before = this.currentPosition;
    if (before && isSamePosition(before, head)) return;
    this.currentPosition = head;
    // The newest decodable message stays; the log and the counters report the other.
    if (newest?.isUnreadable) return;
    // A new subscriber asks for the newest message itself.
    this.newest = newest && publicationOf(this.channel, newest);
    if (before && this.newest) this.context.deliver(this.newest);
  }

  /** Returns true for a position that this follower has not reached. */
  private isAhead(since: Position | undefined): boolean {
    const position = this.currentPosition;
    if (!since || !position || isSamePosition(since, position)) return false;
    return since.epoch !== position.epoch || since.offset >= position.offset;
  }

  private become(message: StoredMessage): void {
    this.currentPosition = positionOf(message);
    this.newest = publicationOf(this.channel, message);
    this.context.deliver(this.newest);
  }

  private missedBy(since: Position | undefined): readonly StoredPublication[] {
    const { position } = this;
    if (!this.newest || (since && position && isSamePosition(since, position))) return [];
    return [this.newest];
  }
}
