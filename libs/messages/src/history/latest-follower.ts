import type { HistoryChannel, StoredMessage } from './history-store.js';
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
  #position: Position | undefined;
  #newest: StoredPublication | undefined;
  /** The newest message that arrived before the first read. */
  #early: StoredMessage | undefined;
  readonly #ready = deferred<void>();
  readonly #pacer: ReadPacer;
  #waiting: Array<{ readonly since: Position | undefined; readonly take: TakeMissed }> = [];

  constructor(
    private readonly channel: HistoryChannel,
    private readonly context: FollowerContext,
  ) {
    this.#pacer = new ReadPacer(
      context,
      () => this.#read(),
      () => this.#ready.resolve(),
    );
    this.#pacer.want();
  }

  get position(): Position | undefined {
    return this.#position;
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  stored(messages: readonly StoredMessage[]): void {
    const newest = messages.at(-1);
    if (!newest) return;
    if (!this.#position) this.#early = newest;
    else if (newest.epoch !== this.#position.epoch) this.#pacer.wantSoon();
    else if (newest.offset > this.#position.offset) this.#become(newest);
    else if (newest.offset === this.#position.offset && newest.id !== this.#position.id)
      this.#pacer.wantSoon();
  }

  markSuspect(): void {
    this.#pacer.wantSoon();
  }

  recover(since: Position | undefined, take: TakeMissed): void {
    if (this.#position && !this.#isAhead(since)) return take(this.#missedBy(since));
    this.#waiting.push({ since, take });
    // The subscriber may have a newer message from another server, which an older one must not follow.
    if (this.#position) this.#pacer.want();
  }

  close(): void {
    this.#pacer.close();
    this.#waiting = [];
    this.#ready.resolve();
  }

  async #read(): Promise<void> {
    const before = this.#position;
    this.context.counts.reads++;
    const { head, messages } = await this.context.read({ last: 1 }, this.context.limits);
    if (this.#pacer.isClosed) return;
    // A message that arrived during the read is newer than the page, or will be compared again.
    if (this.#position === before) this.#compare(head, messages.at(-1));
    if (this.#early) this.stored([this.#early]);
    this.#early = undefined;
    this.#ready.resolve();
    for (const { since, take } of this.#waiting.splice(0)) take(this.#missedBy(since));
  }

  #compare(head: Position, newest: StoredMessage | undefined): void {
    const before = this.#position;
    if (before && isSamePosition(before, head)) return;
    this.#position = head;
    // The newest decodable message stays; the log and the counters report the other.
    if (newest?.isUnreadable) return;
    // A new subscriber asks for the newest message itself.
    this.#newest = newest && publicationOf(this.channel, newest);
    if (before && this.#newest) this.context.deliver(this.#newest);
  }

  /** Returns true for a position that this follower has not reached. */
  #isAhead(since: Position | undefined): boolean {
    const position = this.#position;
    if (!since || !position || isSamePosition(since, position)) return false;
    return since.epoch !== position.epoch || since.offset >= position.offset;
  }

  #become(message: StoredMessage): void {
    this.#position = positionOf(message);
    this.#newest = publicationOf(this.channel, message);
    this.context.deliver(this.#newest);
  }

  #missedBy(since: Position | undefined): readonly StoredPublication[] {
    const { position } = this;
    if (!this.#newest || (since && position && isSamePosition(since, position))) return [];
    return [this.#newest];
  }
}
