import { create } from '@nestwire/protocol';
import type { ChatMessage } from '../messages/chat-message.js';
import { ChatMarkRead } from '../wire/chat-requests.js';
import { ChatLoadThreads } from '../wire/history-requests.js';
import { ChatLoadEntry } from '../wire/list-requests.js';
import type { ChatContext } from './chat-context.js';
import type { LiveChannel } from './live-channel.js';
import type { MessageWindow } from './message-window.js';
import { codedError, isPassing, retryMs } from './retry.js';

/** The time in which calls of `read` become one request, in milliseconds. */
const WRITE_MS = 300;
/** The time after which a message that nobody reads begins what is new, in milliseconds. */
const NEW_MS = 2_000;

/** The read pointer of one timeline, and what is new after it. */
export class ReadMark {
  firstUnreadSeq: number | null = null;
  #isOpen = false;
  #ownSeq = 0;
  #sentSeq = 0;
  #failures = 0;
  #cancelWrite: (() => void) | undefined;
  #cancelNew: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  /** The pointer of a thread, and the count of a channel, as the server has told them. */
  #storedSeq = 0;
  #seenSeq = 0;
  /** The last opening of a thread. */
  #visit: object | undefined;
  /** The number to read up to, while the pointer of an opened thread is asked for; otherwise null. */
  #wantedSeq: number | null = null;
  #counted: number | null = null;
  readonly #context: ChatContext;
  readonly #live: LiveChannel;
  readonly #place: {
    readonly threadSeq: number | null;
    readonly window: MessageWindow;
    readonly changed: () => void;
  };

  constructor(
    context: ChatContext,
    live: LiveChannel,
    place: {
      readonly threadSeq: number | null;
      readonly window: MessageWindow;
      readonly changed: () => void;
    },
  ) {
    this.#context = context;
    this.#live = live;
    this.#place = place;
  }

  /** The number of the last message that the user has read; it never moves back. */
  get readSeq(): number {
    const stored = this.#place.threadSeq === null ? this.#live.membership?.readSeq : this.#storedSeq;
    return Math.max(stored ?? 0, this.#ownSeq);
  }

  /** The count of the window if it has all unread messages, else that of the server. */
  get unreadCount(): number {
    const { messages } = this.#place.window;
    const inWindow = messages.filter((message) => this.#isUnread(message)).length;
    return this.#hasAllUnread ? inWindow : Math.max(inWindow, this.#counted ?? 0);
  }

  /** Asks the server for the count of a channel that the window does not tell. */
  look(): void {
    if (this.#place.threadSeq !== null || !this.#isOpen || this.#hasAllUnread) return;
    this.#cancelLook ??= this.#context.clock.after(WRITE_MS, () => void this.#loadCount());
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
    this.#cancelWrite?.();
    this.#cancelWrite = undefined;
    this.leave();
    this.#ownSeq = this.#sentSeq = this.#storedSeq = 0;
    this.firstUnreadSeq = this.#counted = null;
  }

  /** Takes the first unread message of a timeline that opens. */
  open(): void {
    if (this.#isOpen) return this.look();
    this.#isOpen = true;
    if (this.#place.threadSeq === null) this.#setFirst();
    else void this.#openThread();
    this.look();
  }

  /** Asks for the pointer of an open thread. */
  lookUp(): void {
    if (this.#isOpen && this.#place.threadSeq !== null) this.#loadThread().catch(ignore);
  }

  /** Takes the pointer of the thread, which another device may have moved. */
  stored(seq: number): void {
    this.#storedSeq = Math.max(this.#storedSeq, seq);
    this.#place.changed();
  }

  /** Ends a visit; the next `open` takes another first unread message. */
  leave(): void {
    this.#isOpen = false;
    this.#readWanted();
    this.#cancelNew?.();
    this.#cancelLook?.();
    this.#cancelNew = this.#cancelLook = undefined;
    if (!this.#cancelWrite) return;
    this.#cancelWrite();
    void this.#write();
  }

  /** Lets what is new begin with a message that nobody reads for 2 s, if all before it was read. */
  arrived(message: ChatMessage): void {
    if (!this.#isOpen || this.#cancelNew || !this.#isUnread(message) || this.unreadCount > 1) return;
    this.#cancelNew = this.#context.clock.after(NEW_MS, () => {
      this.#cancelNew = undefined;
      if (!this.#isUnread(message)) return;
      this.firstUnreadSeq = message.seq;
      this.#place.changed();
    });
  }

  /** Moves the pointer forward, at most to the last message; in a thread that opens, once the stored one is known. */
  read(seq: number): void {
    if (this.#wantedSeq !== null) {
      this.#wantedSeq = Math.max(this.#wantedSeq, seq);
      return;
    }
    const to = Math.min(seq, this.#live.lastSeq);
    if (to <= this.readSeq || !this.#live.membership || this.#isUncounted) return;
    this.#ownSeq = to;
    if (this.#place.threadSeq === null) this.#live.read(to);
    else this.#place.changed();
    this.#cancelWrite ??= this.#context.clock.after(WRITE_MS, () => void this.#write());
  }

  /** Messages that are not stored have no read pointer. */
  get #isUncounted(): boolean | undefined {
    return this.#live.channel?.isEphemeral;
  }

  get #hasAllUnread(): boolean {
    const { hasOlder, hasNewer, first = 0 } = this.#place.window;
    return !hasNewer && (!hasOlder || first <= this.readSeq + 1);
  }

  #setFirst(): void {
    const { messages, hasOlder, first = 0 } = this.#place.window;
    const unread = messages.find((message) => this.#isUnread(message));
    const isInside = !hasOlder || first <= this.readSeq + 1;
    this.firstUnreadSeq = unread ? (isInside ? unread.seq : this.readSeq + 1) : null;
    this.#place.changed();
  }

  /** A failure leaves the count as it is until the next change. */
  async #loadCount(): Promise<void> {
    const request = create(ChatLoadEntry, { channelId: this.#live.id });
    try {
      if (this.#live.membership)
        this.#counted = (await this.#context.client.chatUser.loadEntry(request)).entry.unreadCount;
    } catch {
      return;
    } finally {
      this.#cancelLook = undefined;
    }
    this.#place.changed();
  }

  /** Takes the first unread reply before the page moves the pointer. */
  async #openThread(): Promise<void> {
    this.#wantedSeq = 0;
    const visit = (this.#visit = {});
    const isCurrent = () => visit === this.#visit && this.#isOpen;
    await this.#loadThread().then(() => isCurrent() && this.#setFirst(), ignore);
    if (isCurrent()) this.#readWanted();
  }

  #readWanted(): void {
    const seq = this.#wantedSeq;
    this.#wantedSeq = null;
    if (seq !== null) this.read(seq);
  }

  /** The pointer of a thread is known when the user follows it, and it is among the last active ones. */
  async #loadThread(): Promise<void> {
    const { threads } = await this.#live.calls.loadThreads(create(ChatLoadThreads, {}));
    const own = threads.find(({ root }) => root.seq === this.#place.threadSeq);
    this.stored(own?.readSeq ?? 0);
  }

  #isUnread({ seq, author, deletedAt, kind }: ChatMessage): boolean {
    const isOwn = author?.id === this.#context.userId();
    return !this.#isUncounted && seq > this.readSeq && kind === 'user' && deletedAt === null && !isOwn;
  }

  async #write(): Promise<void> {
    const seq = this.#ownSeq;
    const { threadSeq } = this.#place;
    this.#cancelWrite = undefined;
    if (seq <= this.#sentSeq) return;
    try {
      const request = { seq, ...(threadSeq !== null && { threadSeq }) };
      await this.#live.calls.markRead(create(ChatMarkRead, request as ChatMarkRead), { offline: 'queue' });
      this.#sentSeq = Math.max(seq, this.#sentSeq);
      this.#failures = 0;
      this.look();
    } catch (failure) {
      const error = codedError(failure);
      if (!isPassing(error) || this.#context.isClosed()) return;
      const delayMs = retryMs(this.#failures++, error);
      this.#cancelWrite ??= this.#context.clock.after(delayMs, () => void this.#write());
    }
  }
}

/** The pointer remains as it is, until the thread opens again. */
function ignore(): void {}
