import type { HistoryChannel, StoredMessage } from './history-store.js';
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
const MAX_HEARD = 1_000;

type Page = HistoryPage<StoredMessage>;

interface Waiter {
  readonly since: Position;
  readonly take: TakeMissed;
}

/**
 * Reads a channel with history: every message once and in order, or a gap.
 *
 * Live messages are delivered as long as each names the one before it. Where one does not, what is
 * heard waits, a page of the history is read behind the position, and the rules decide. Those who come
 * back from an older position share pages, too.
 */
export class HistoryFollower implements ChannelFollower {
  #position: Position | undefined;
  /** What is heard does not continue the position: the history has to tell first. */
  #isBroken = true;
  /** The position has to be compared with the history. */
  #isDoubted = false;
  #heard: StoredMessage[] = [];
  #waiting: Waiter[] = [];
  #newcomers: TakeMissed[] = [];
  /** What was delivered since the read under way began. */
  #delivered: RecentWindow | undefined;
  #window: RecentWindow | undefined;
  #cancelWindow: (() => void) | undefined;
  readonly #ready = deferred<void>();
  readonly #pacer: ReadPacer;

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
    for (const message of messages) this.#judge(message);
  }

  doubt(): void {
    this.#isDoubted = true;
    // Each malformed publication leads here, so their number must not set the number of reads.
    this.#pacer.wantSoon();
  }

  recover(since: Position | undefined, take: TakeMissed): void {
    if (!since) return this.#position ? take([]) : void this.#newcomers.push(take);
    const missed = this.#isBroken ? undefined : this.#missedBehind(since);
    if (missed) return take(missed);
    this.#waiting.push({ since, take });
    this.#pacer.want();
  }

  close(): void {
    this.#pacer.close();
    this.#cancelWindow?.();
    this.#heard = [];
    this.#waiting = [];
    this.#newcomers = [];
    this.#ready.resolve();
  }

  #judge(message: StoredMessage): void {
    const verdict = this.#isBroken ? 'break' : classifyLive(this.#position!, message);
    if (verdict === 'next') this.#deliver({ message, publication: publicationOf(this.channel, message) });
    if (verdict !== 'break') return;
    // What does not fit is in the history too.
    if (this.#heard.length < MAX_HEARD) this.#heard.push(message);
    if (this.#isBroken) return;
    // Before the read begins, which is for the reader itself if it is broken.
    this.#isBroken = true;
    this.#pacer.wantSoon();
  }

  #deliver(item: WindowItem): void {
    const { publication, message } = item;
    this.#position = publication.position;
    if (message.isUnreadable) this.context.gap('unreadable');
    this.#window?.add(item);
    this.#delivered?.add(item);
    this.context.deliver(publication);
  }

  /** Reads for itself first: only who knows where it stands can lead others there. */
  async #read(): Promise<void> {
    const { read, limits, counts } = this.context;
    const before = this.#position;
    // There is nothing to compare with the first page.
    if (!before) this.#isDoubted = false;
    const own = this.#isBroken || this.#isDoubted ? before : undefined;
    const start = own ?? this.#oldestWaiting();
    if (!start && before) return;
    this.#delivered = new RecentWindow(limits);
    const heardBefore = this.#heard.length;
    counts.reads++;
    const page = await read(start ? { since: start } : { last: 0 }, limits);
    if (this.#pacer.isClosed) return;
    const items = page.messages.map((message) => ({
      message,
      publication: publicationOf(this.channel, message),
    }));
    if (own) this.#compare(own, page, items);
    else this.#advance(page, items, before);
    this.#open(page, items);
    this.#resume(heardBefore);
    if (start && !this.#isBroken && !this.#isDoubted) this.#serve(start, page, items);
    if (this.#waiting.length > 0 && !this.#isBroken) this.#pacer.want();
  }

  #oldestWaiting(): Position | undefined {
    let oldest: Position | undefined;
    for (const { since } of this.#waiting) if (!oldest || since.offset < oldest.offset) oldest = since;
    return oldest;
  }

  /** Brings the reader to the top of a page that was read behind its own position, or over a gap. */
  #compare(own: Position, page: Page, items: readonly WindowItem[]): void {
    this.#isDoubted = false;
    const reason = gapBehind(own, page);
    if (!reason) {
      this.#fetch(items);
      return page.isCut ? this.#doubtAgain() : undefined;
    }
    if (!isSamePosition(own, this.#position!)) {
      // It has gone on meanwhile, so that the page tells about the past.
      return this.#doubtAgain();
    }
    this.#position = page.head;
    this.#window = this.#delivered = undefined;
    this.context.gap(reason);
    this.context.deliver(gapPublication(this.channel.name, page.head, reason));
  }

  /** Takes from a page that was read for others what the reader has not heard yet. */
  #advance({ head, isCut }: Page, items: readonly WindowItem[], before: Position | undefined): void {
    const position = (this.#position ??= head);
    const isBehind = head.epoch !== position.epoch || head.offset > position.offset;
    // Nothing was heard meanwhile: the history is an older one, and leads nobody to where the reader stands.
    if (!isBehind && position === before && !isSamePosition(head, position)) return this.#doubtAgain();
    // A page that was cut off need not reach the reader; what it misses it hears, or is told at the check.
    if (!isBehind || isCut) return;
    const missed = items.filter(({ message }) => message.offset > position.offset);
    if (missed[0] && classifyLive(position, missed[0].message) === 'next') return this.#fetch(missed);
    this.#doubtAgain();
  }

  #doubtAgain(): void {
    this.#isDoubted = true;
    this.#pacer.want();
  }

  #fetch(items: readonly WindowItem[]): void {
    for (const item of items) {
      if (classifyLive(this.#position!, item.message) !== 'next') continue;
      this.context.counts.refetched++;
      this.#deliver(item);
    }
  }

  /** Keeps a whole page for those who come back soon, together with what has followed it. */
  #open({ isCut }: Page, items: readonly WindowItem[]): void {
    const delivered = this.#delivered;
    this.#delivered = undefined;
    if (isCut || items.length === 0) return;
    const window = new RecentWindow(this.context.limits);
    for (const item of items) window.add(item);
    if (delivered) window.addAll(delivered);
    this.#window = window;
    this.#cancelWindow?.();
    this.#cancelWindow = this.context.clock.after(WINDOW_MS, () => (this.#window = undefined));
  }

  /** Goes on with what was heard meanwhile. */
  #resume(heardBefore: number): void {
    if (!this.#isBroken || this.#isDoubted) return;
    this.#isBroken = false;
    this.#ready.resolve();
    for (const take of this.#newcomers.splice(0)) take([]);
    for (const [index, message] of this.#heard.splice(0).entries()) {
      // It was stored before the read began; if that did not lead to it, its branch of the history is lost.
      if (index >= heardBefore || classifyLive(this.#position!, message) === 'next') this.#judge(message);
    }
  }

  /** Answers those whom the page can tell something; the others wait for the next one. */
  #serve(start: Position, page: Page, items: readonly WindowItem[]): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) {
      const { since } = waiter;
      const isCovered = since.offset >= start.offset || since.epoch !== page.head.epoch;
      const missed =
        this.#missedBehind(since) ?? (isCovered ? this.#readBehind(since, page, items) : undefined);
      if (missed) waiter.take(missed);
      else this.#waiting.push(waiter);
    }
  }

  /** Returns what leads from a position to that of the reader, if that is known without a read. */
  #missedBehind(since: Position): readonly StoredPublication[] | undefined {
    const position = this.#position!;
    if (isSamePosition(since, position)) return [];
    const isEarlier = since.epoch === position.epoch && since.offset < position.offset;
    const items = isEarlier ? this.#window?.behind(since.offset) : undefined;
    return items && this.#behind(since, { head: position, isCut: false }, items);
  }

  /** Returns what a page leads to from a position in it; undefined when that is only its last one. */
  #readBehind(
    since: Position,
    page: Page,
    items: readonly WindowItem[],
  ): readonly StoredPublication[] | undefined {
    const later =
      since.epoch === page.head.epoch ? items.filter(({ message }) => message.offset > since.offset) : items;
    return later.length === 0 && page.isCut ? undefined : this.#behind(since, page, later);
  }

  #behind(
    since: Position,
    { head, isCut }: Pick<Page, 'head' | 'isCut'>,
    items: readonly WindowItem[],
  ): readonly StoredPublication[] {
    const reason = gapBehind(since, { head, isCut, messages: items.map(({ message }) => message) });
    if (reason) return [gapPublication(this.channel.name, this.#position!, reason)];
    return items.map(({ publication }) => publication);
  }
}
