import {
  PresenceJoined,
  PresenceLeft,
  PresenceMembers,
  PresenceUpdated,
  type PresenceEvent,
} from '@nestwire/protocol';
import { ChannelStream, type StreamOptions } from '../pubsub/channel-stream.js';
import { PUSH } from '../pubsub/hidden-members.js';
import type { Publication } from '../pubsub/publication.js';
import { BEFORE_ALL, AFTER_ALL, type MemberPage } from './member-pages.js';

/** The options of one watch. */
export type PresenceWatchOptions = Pick<StreamOptions, 'signal' | 'limit'>;

/** The state that a stream reads its pages from. */
export interface PageSource {
  readonly isReady: boolean;
  pageAfter(order: number): MemberPage;
}

/**
 * The members of a channel in pages, and then the changes.
 *
 * A page is made when the reader asks for it. A change of a member that is on no page yet is skipped, because a
 * later page contains its outcome. When more than `limit` changes are unread, they are dropped and the pages are
 * repeated.
 */
export class PresenceStream extends ChannelStream<PresenceEvent> {
  /** The position after the last page. */
  private sentUpTo = BEFORE_ALL;

  constructor(
    private readonly source: PageSource,
    options: PresenceWatchOptions,
    ended: () => void,
  ) {
    super([PresenceMembers, PresenceJoined, PresenceUpdated, PresenceLeft], options, {
      ended,
      dropped: () => undefined,
    });
  }

  /** Adds a change of the member at a position. */
  pushChange(publication: Publication, order: number): void {
    if (order > this.sentUpTo) return;
    if (this.isFull) this.restart();
    else this[PUSH](publication);
  }

  /** Repeats the members from the first page; unread changes are dropped. */
  restart(): void {
    this.dropUnread();
    this.sentUpTo = BEFORE_ALL;
    while (this.isAwaited && this.pushPage());
  }

  override next(): Promise<IteratorResult<PresenceEvent, undefined>> {
    if (this.unread === 0) this.pushPage();
    return super.next();
  }

  /** Adds the next page; returns false when there is none. */
  private pushPage(): boolean {
    if (this.ended || this.sentUpTo === AFTER_ALL || !this.source.isReady) return false;
    const { publication, end } = this.source.pageAfter(this.sentUpTo);
    this.sentUpTo = end;
    this[PUSH](publication);
    return true;
  }
}
