import { create } from '@nestwire/protocol';
import type { ChatMessage } from '../messages/chat-message.js';
import { ChatLoadPage, ChatMarkRead } from '../wire/chat-requests.js';
import { ChatLoadThreads } from '../wire/history-requests.js';
import type { ChatContext } from './chat-context.js';
import type { LiveChannel } from './live-channel.js';
import type { MessageWindow } from './message-window.js';
import { finalError } from './retry.js';
import { Task } from './task.js';

/** The time in which calls of `read` become one request, in milliseconds. */
const WRITE_MS = 300;
/** The time after which a message that nobody reads begins what is new, in milliseconds. */
const NEW_MS = 2_000;

/** The timeline of a mark. */
interface MarkedTimeline {
  /** The thread in requests; no number for the channel itself. */
  readonly ofThread: { readonly threadSeq?: number };
  readonly window: MessageWindow;
  readonly changed: () => void;
}

/** The read pointer of one timeline, and what is new after it. */
export class ReadMark {
  firstUnreadSeq: number | null = null;
  /** The pointers of the present user: as moved here, as the server has answered, and as it tells those of a thread. */
  #pointers = { own: 0, sent: 0, stored: 0 };
  /** The opening of the timeline; undefined while it is closed. */
  #visit: object | undefined;
  /** The number to read up to, while the pointer of an opened thread is asked for; otherwise null. */
  #wantedSeq: number | null = null;
  #seenSeq = 0;
  #newest: ChatMessage | undefined;
  readonly #writing: Task;
  readonly #opening: Task;
  readonly #asking: Task;
  readonly #marking: Task;
  readonly #context: ChatContext;
  readonly #live: LiveChannel;
  readonly #timeline: MarkedTimeline;

  constructor(context: ChatContext, live: LiveChannel, timeline: MarkedTimeline) {
    const { clock } = context;
    this.#context = context;
    this.#live = live;
    this.#timeline = timeline;
    this.#writing = new Task(clock, () =>
      this.#write().catch((failure) => this.#context.isClosed() || finalError(failure)),
    );
    this.#opening = new Task(clock, () => this.#open());
    this.#asking = new Task(clock, () => this.#loadPointer().catch(finalError));
    this.#marking = new Task(clock, () => this.#markNewest());
  }

  /** The number of the last message that the user has read; it never moves back. */
  get readSeq(): number {
    const { own, stored } = this.#pointers;
    return Math.max(own, this.#isThread ? stored : (this.#live.membership?.readSeq ?? 0));
  }

  /** The count of the window if it has all unread messages, else that of the server. */
  get unreadCount(): number {
    const { window } = this.#timeline;
    const inWindow = window.messages.filter((message) => this.#isUnread(message)).length;
    return this.#hasAllUnread || this.#isThread ? inWindow : Math.max(inWindow, this.#live.unreadCount);
  }

  /** Asks the server for the count of a channel that the window does not tell. */
  look(): void {
    if (!this.#isThread && this.#visit && this.#live.membership && !this.#hasAllUnread) this.#live.lookUp();
  }

  /** Asks for the count if the pointer has moved. */
  lookIfMoved(): void {
    if (this.#seenSeq === this.readSeq) return;
    this.#seenSeq = this.readSeq;
    this.look();
  }

  /** Forgets the pointer, which belongs to another user. */
  forget(): void {
    this.#wantedSeq = null;
    this.#writing.stop();
    this.#pointers = { own: 0, sent: 0, stored: 0 };
    this.leave();
    this.firstUnreadSeq = null;
  }

  /** Takes the first unread message of a timeline that opens. */
  open(): void {
    if (!this.#visit) {
      this.#visit = {};
      this.#wantedSeq = this.#isThread ? 0 : null;
      this.#opening.ask();
    }
    this.look();
  }

  /** Asks for the pointer of an open thread. */
  lookUp(): void {
    if (this.#visit && this.#isThread) this.#asking.ask();
  }

  /** Takes the pointer of the thread, which another device may have moved. */
  stored(seq: number): void {
    this.#pointers.stored = Math.max(this.#pointers.stored, seq);
    this.#timeline.changed();
  }

  /** Ends a visit; the next `open` takes another first unread message. */
  leave(): void {
    this.#visit = undefined;
    this.#readWanted();
    for (const task of [this.#opening, this.#asking, this.#marking]) task.stop();
    this.#writing.ask();
  }

  /** Lets what is new begin with a message that nobody reads for 2 s, if all before it was read. */
  arrived(message: ChatMessage): void {
    if (!this.#visit || this.#marking.isAsked || !this.#isUnread(message) || this.unreadCount > 1) return;
    this.#newest = message;
    this.#marking.ask(NEW_MS);
  }

  /** Moves the pointer forward, at most to the last message; in a thread that opens, once the stored one is known. */
  read(seq: number): void {
    if (this.#wantedSeq !== null) {
      this.#wantedSeq = Math.max(this.#wantedSeq, seq);
      return;
    }
    const to = Math.min(seq, this.#live.lastSeq);
    if (to <= this.readSeq || !this.#live.membership || this.#isUncounted) return;
    this.#pointers.own = to;
    if (this.#isThread) this.#timeline.changed();
    else this.#live.read(to);
    this.#writing.ask(WRITE_MS);
  }

  get #isThread(): boolean {
    return this.#timeline.ofThread.threadSeq !== undefined;
  }

  /** Messages that are not stored have no read pointer. */
  get #isUncounted(): boolean | undefined {
    return this.#live.channel?.isEphemeral;
  }

  get #hasFirstUnread(): boolean {
    const { hasOlder, first = 0 } = this.#timeline.window;
    return !hasOlder || first <= this.readSeq + 1;
  }

  get #hasAllUnread(): boolean {
    return !this.#timeline.window.hasNewer && this.#hasFirstUnread;
  }

  #isUnread({ seq, author, deletedAt, kind }: ChatMessage, readSeq = this.readSeq): boolean {
    const isOwn = author?.id === this.#context.userId();
    return !this.#isUncounted && seq > readSeq && kind === 'user' && deletedAt === null && !isOwn;
  }

  #markNewest(): void {
    if (!this.#newest || !this.#isUnread(this.#newest)) return;
    this.firstUnreadSeq = this.#newest.seq;
    this.#timeline.changed();
  }

  /** Finds the first unread message of a visit, before the page moves the pointer. */
  async #open(): Promise<void> {
    const visit = this.#visit;
    try {
      if (this.#isThread) await this.#loadPointer();
      const first = this.#hasFirstUnread
        ? this.#timeline.window.messages.find((message) => this.#isUnread(message))
        : await this.#loadFirst(this.readSeq);
      if (visit === this.#visit) this.firstUnreadSeq = first?.seq ?? null;
    } catch (failure) {
      finalError(failure);
    }
    if (visit === this.#visit) this.#readWanted();
    this.#timeline.changed();
  }

  /** Loads the first unread message, which is before the window. */
  async #loadFirst(readSeq: number): Promise<ChatMessage | undefined> {
    for (let after: number | undefined = readSeq; after !== undefined && this.#visit;) {
      const request = create(ChatLoadPage, { after, ...this.#timeline.ofThread } as ChatLoadPage);
      const { messages, hasNewer } = await this.#live.calls.loadPage(request);
      const first = messages.find((message) => this.#isUnread(message, readSeq));
      if (first) return first;
      after = hasNewer ? messages.at(-1)?.seq : undefined;
    }
    return undefined;
  }

  #readWanted(): void {
    const seq = this.#wantedSeq;
    this.#wantedSeq = null;
    if (seq !== null) this.read(seq);
  }

  /** Loads the pointer of a thread; the server has one when the user follows the thread. */
  async #loadPointer(): Promise<void> {
    const pointers = this.#pointers;
    let next: string | null | undefined;
    do {
      const request = create(ChatLoadThreads, next ? { cursor: next } : {});
      const page = await this.#live.calls.loadThreads(request as ChatLoadThreads);
      const own = page.threads.find(({ root }) => root.seq === this.#timeline.ofThread.threadSeq);
      if (own && pointers === this.#pointers) this.stored(own.readSeq);
      next = own ? null : page.next;
    } while (next && this.#visit);
  }

  async #write(): Promise<void> {
    const pointers = this.#pointers;
    const { own: seq } = pointers;
    if (seq <= pointers.sent) return;
    const request = create(ChatMarkRead, { seq, ...this.#timeline.ofThread } as ChatMarkRead);
    await this.#live.calls.markRead(request, { offline: 'queue' });
    // Those of a former user are another object.
    pointers.sent = seq;
    this.look();
  }
}
