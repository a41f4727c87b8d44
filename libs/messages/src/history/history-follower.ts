import type { HistoryChannel } from './history-channel.js';
import type { StoredMessage } from './stored-message.js';
import { deferred } from '../scheduling/deferred.js';
import { gapPublication, type StoredPublication } from './stored-publication.js';
import { classifyLive } from './live-rule.js';
import { isSamePosition, type Position } from './position.js';
import { gapBehind, type HistoryPage } from './recovery.js';
import {
  publicationOf,
  type ChannelFollower,
  type FollowerContext,
  type TakeMissed,
} from './channel-follower.js';
import { ReadPacer } from './read-pacer.js';
import { RecentWindow, type WindowItem } from './recent-window.js';

const WINDOW_MS = 1_000;
const MAX_BUFFERED = 1_000;

type Page = HistoryPage<StoredMessage>;

/**
 * The state of a follower.
 *
 * `unread`: there is no position yet. `following`: live messages continue the position and are delivered.
 * `suspect`: live messages are delivered, and the position must be compared with the history. `broken`: messages
 * are buffered until a read. `stale`: messages are buffered, and the last page was not conclusive.
 */
type State = 'unread' | 'following' | 'suspect' | 'broken' | 'stale';

/** The next states: after a sign of missed messages, a comparison, and a message out of order. */
const TRANSITIONS = {
  suspected: { unread: 'unread', following: 'suspect', suspect: 'suspect', broken: 'stale', stale: 'stale' },
  compared: {
    unread: 'unread',
    following: 'following',
    suspect: 'following',
    broken: 'broken',
    stale: 'broken',
  },
  interrupted: { unread: 'unread', following: 'broken', suspect: 'stale', broken: 'broken', stale: 'stale' },
} as const satisfies Record<string, Record<State, State>>;

interface Waiter {
  readonly since: Position;
  readonly take: TakeMissed;
}

/**
 * Delivers every message of a channel once and in order, or a gap.
 *
 * Live messages are delivered while each continues the position. Otherwise received messages are buffered, the
 * follower reads a page after its position, and compares the page with the position. Subscribers that recover
 * from an older position share the pages.
 */
export class HistoryFollower implements ChannelFollower {
  private currentPosition: Position | undefined;
  private state: State = 'unread';
  private buffered: StoredMessage[] = [];
  private waiting: Waiter[] = [];
  private newcomers: TakeMissed[] = [];
  /** The messages that were delivered since the start of the present read. */
  private delivered: RecentWindow | undefined;
  private window: RecentWindow | undefined;
  private cancelWindow: (() => void) | undefined;
  private readonly readiness = deferred<void>();
  private readonly pacer: ReadPacer;

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
    for (const message of messages) this.receive(message);
  }

  markSuspect(): void {
    this.enter('suspected');
    // Each malformed publication leads here, so their number must not set the number of reads.
    this.pacer.wantSoon();
  }

  recover(since: Position | undefined, take: TakeMissed): void {
    if (!since) return this.currentPosition ? take([]) : void this.newcomers.push(take);
    const missed = this.isLive ? this.missedAfter(since) : undefined;
    if (missed) return take(missed);
    this.waiting.push({ since, take });
    this.pacer.want();
  }

  close(): void {
    this.pacer.close();
    this.cancelWindow?.();
    this.buffered = [];
    this.waiting = [];
    this.newcomers = [];
    this.readiness.resolve();
  }

  /** True while live messages are delivered. */
  private get isLive(): boolean {
    return this.state === 'following' || this.state === 'suspect';
  }

  private enter(event: keyof typeof TRANSITIONS): void {
    this.state = TRANSITIONS[event][this.state];
  }

  private receive(message: StoredMessage): void {
    const position = this.isLive ? this.currentPosition : undefined;
    const verdict = position ? classifyLive(position, message) : 'break';
    if (verdict === 'next') this.deliver({ message, publication: publicationOf(this.channel, message) });
    if (verdict !== 'break') return;
    // The history contains the messages that do not fit into the buffer.
    if (this.buffered.length < MAX_BUFFERED) this.buffered.push(message);
    if (!position) return;
    // Entered before the read starts, because a read checks it.
    this.enter('interrupted');
    this.pacer.wantSoon();
  }

  private deliver(item: WindowItem): void {
    const { publication, message } = item;
    this.currentPosition = publication.position;
    if (message.isUnreadable) this.context.gap('unreadable');
    this.window?.add(item);
    this.delivered?.add(item);
    this.context.deliver(publication);
  }

  /** Reads a page: for its own position first, because recoveries end there. */
  private async read(): Promise<void> {
    const { read, limits, counts } = this.context;
    const before = this.currentPosition;
    const own = this.state === 'following' ? undefined : before;
    const start = own ?? this.oldestWaiting();
    if (!start && before) return;
    this.delivered = new RecentWindow(limits);
    const bufferedBefore = this.buffered.length;
    counts.reads++;
    const page = await read(start ? { since: start } : { last: 0 }, limits);
    if (this.pacer.isClosed) return;
    const items = page.messages.map((message) => ({
      message,
      publication: publicationOf(this.channel, message),
    }));
    if (own) this.compare(own, page, items);
    else this.advance(page, items, before);
    this.open(page, items);
    this.resume(bufferedBefore);
    if (start && this.state === 'following') this.serve(start, page, items);
    if (this.waiting.length > 0 && this.isLive) this.pacer.want();
  }

  private oldestWaiting(): Position | undefined {
    let oldest: Position | undefined;
    for (const { since } of this.waiting) if (!oldest || since.offset < oldest.offset) oldest = since;
    return oldest;
  }

  /** Advances to the head of a page that was read after the own position, possibly over a gap. */
  private compare(own: Position, page: Page, items: readonly WindowItem[]): void {
    this.enter('compared');
    const reason = gapBehind(own, page);
    if (!reason) {
      this.fetch(items);
      return page.isCut ? this.recheck() : undefined;
    }
    // The position has advanced during the read, so the page is out of date.
    if (this.currentPosition && !isSamePosition(own, this.currentPosition)) return this.recheck();
    this.currentPosition = page.head;
    this.window = this.delivered = undefined;
    this.context.gap(reason);
    this.context.deliver(gapPublication(this.channel.name, page.head, reason));
  }

  /** Takes the missed messages from a page that was read for a recovery. */
  private advance({ head, isCut }: Page, items: readonly WindowItem[], before: Position | undefined): void {
    const position = (this.currentPosition ??= head);
    const isBehind = head.epoch !== position.epoch || head.offset > position.offset;
    // Nothing arrived during the read, so the history is older than the position, and no recovery can end there.
    if (!isBehind && position === before && !isSamePosition(head, position)) return this.recheck();
    // A cut page need not reach the position; missed messages arrive, or the next check finds them.
    if (!isBehind || isCut) return;
    const missed = items.filter(({ message }) => message.offset > position.offset);
    if (missed[0] && classifyLive(position, missed[0].message) === 'next') return this.fetch(missed);
    this.recheck();
  }

  private recheck(): void {
    this.enter('suspected');
    this.pacer.want();
  }

  private fetch(items: readonly WindowItem[]): void {
    for (const item of items) {
      if (!this.isNext(item.message)) continue;
      this.context.counts.refetched++;
      this.deliver(item);
    }
  }

  /** Keeps an uncut page and the later messages for recoveries that follow soon. */
  private open({ isCut }: Page, items: readonly WindowItem[]): void {
    const delivered = this.delivered;
    this.delivered = undefined;
    if (isCut || items.length === 0) return;
    const window = new RecentWindow(this.context.limits);
    for (const item of items) window.add(item);
    if (delivered) window.addAll(delivered);
    this.window = window;
    this.cancelWindow?.();
    this.cancelWindow = this.context.clock.after(WINDOW_MS, () => (this.window = undefined));
  }

  /** Continues with the buffered messages. */
  private resume(bufferedBefore: number): void {
    if (this.state !== 'unread' && this.state !== 'broken') return;
    this.state = 'following';
    this.readiness.resolve();
    for (const take of this.newcomers.splice(0)) take([]);
    for (const [index, message] of this.buffered.splice(0).entries()) {
      // A message from before the read that does not continue the position belongs to a lost timeline.
      if (index >= bufferedBefore || this.isNext(message)) this.receive(message);
    }
  }

  private isNext(message: StoredMessage): boolean {
    return this.currentPosition !== undefined && classifyLive(this.currentPosition, message) === 'next';
  }

  /** Answers the recoveries that the page covers; the others wait for the next page. */
  private serve(start: Position, page: Page, items: readonly WindowItem[]): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const waiter of waiting) {
      const { since } = waiter;
      const isCovered = since.offset >= start.offset || since.epoch !== page.head.epoch;
      const missed = this.missedAfter(since) ?? (isCovered ? this.readAfter(since, page, items) : undefined);
      if (missed) waiter.take(missed);
      else this.waiting.push(waiter);
    }
  }

  /** Returns the publications between a position and the own one, when no read is needed. */
  private missedAfter(since: Position): readonly StoredPublication[] | undefined {
    const position = this.currentPosition;
    if (!position) return undefined;
    if (isSamePosition(since, position)) return [];
    const isEarlier = since.epoch === position.epoch && since.offset < position.offset;
    const items = isEarlier ? this.window?.after(since.offset) : undefined;
    return items && this.publicationsAfter(since, { head: position, isCut: false }, items);
  }

  /** Returns the publications of a page after a position; undefined when the page ends there. */
  private readAfter(
    since: Position,
    page: Page,
    items: readonly WindowItem[],
  ): readonly StoredPublication[] | undefined {
    const later =
      since.epoch === page.head.epoch ? items.filter(({ message }) => message.offset > since.offset) : items;
    return later.length === 0 && page.isCut ? undefined : this.publicationsAfter(since, page, later);
  }

  private publicationsAfter(
    since: Position,
    { head, isCut }: Pick<Page, 'head' | 'isCut'>,
    items: readonly WindowItem[],
  ): readonly StoredPublication[] {
    const reason = gapBehind(since, { head, isCut, messages: items.map(({ message }) => message) });
    if (reason) return [gapPublication(this.channel.name, this.currentPosition ?? head, reason)];
    return items.map(({ publication }) => publication);
  }
}
