import { create } from '@nestwire/protocol';
import type { Store } from '@nestwire/client/store';
import type { ChatMessage } from '../messages/chat-message.js';
import { ChatLoadPage, ChatTyping } from '../wire/chat-requests.js';
import type { ChatGrowth } from '../wire/growth-events.js';
import type { ChatContext } from './chat-context.js';
import type { ChatDraftMessage, ChatItem, ChatRoomView, ChatTimeline } from './chat-face.js';
import type { LiveWindow } from './catch-up.js';
import type { LiveChannel } from './live-channel.js';
import { MessageWindow, type HistoryPage } from './message-window.js';
import { pendingItem, storedItem } from './chat-items.js';
import { MessageActions } from './message-actions.js';
import { ReadMark } from './read-mark.js';
import { randomId } from './random-id.js';

/** The least time between two reports that the user types, in milliseconds. */
const TYPING_MS = 2_000;

type PagePlace = Partial<Pick<ChatLoadPage, 'before' | 'after' | 'around'>>;

/** The messages of one channel or thread, with the own ones that are not stored. */
export class Timeline extends MessageActions implements ChatTimeline, LiveWindow {
  readonly channelId: string;
  readonly draft: Store<string>;
  readonly #window: MessageWindow;
  readonly #mark: ReadMark;
  #isAtEnd = true;
  #version = 0;
  #isRepairing = false;
  #typedAt = -Infinity;
  #shown: readonly ChatItem[] = [];

  constructor(
    context: ChatContext,
    live: LiveChannel,
    readonly threadSeq: number | null,
  ) {
    super(context, live);
    const { options, drafts } = context;
    this.channelId = live.id;
    this.draft = drafts.store(this.#draftKey);
    this.#window = new MessageWindow(threadSeq, options.maxItems);
    this.#mark = new ReadMark(context, live, {
      ofThread: this.#ofThread,
      window: this.#window,
      changed: () => this.changed(),
    });
    this.made();
    live.windows.set(threadSeq, this);
  }

  readonly post = ({ files, ...message }: ChatDraftMessage): string => {
    const clientId = randomId();
    const { channelId, threadSeq, context } = this;
    const userId = context.userId() ?? '';
    const createdAt = context.clock.now();
    context.posts.add({ userId, channelId, threadSeq, clientId, message, createdAt }, files);
    this.#typedAt = -Infinity;
    if (this.#window.hasNewer) this.jumpToNewest().catch(() => undefined);
    return clientId;
  };

  readonly retry = (key: string): void => this.context.posts.retry(key);
  readonly discard = (key: string): void => this.context.posts.remove(key);

  readonly markRead = (seq: number): void => {
    if (!this.#window.hasNewer && seq >= (this.#window.last ?? 0)) this.#isAtEnd = true;
    this.#mark.read(seq);
  };

  readonly loadOlder = (): Promise<void> => {
    const window = this.#window;
    if (!window.hasOlder || !window.isLoaded) return Promise.resolve();
    this.#isAtEnd = false;
    return this.load('older', () =>
      this.#loadPage({ before: window.first! }, (page) => window.addOlder(page)),
    );
  };

  readonly loadNewer = (): Promise<void> => {
    const window = this.#window;
    if (!window.hasNewer) return Promise.resolve();
    return this.load('newer', () => this.#loadPage({ after: window.last! }, (page) => window.addNewer(page)));
  };

  readonly jumpTo = async (seq: number): Promise<boolean> => {
    this.#isAtEnd = false;
    if (!this.#window.find(seq)) await this.#loadAnew({ around: seq });
    return this.#window.find(seq) !== undefined;
  };

  readonly jumpToNewest = async (): Promise<void> => {
    this.#isAtEnd = true;
    if (this.#window.hasNewer) await this.#loadAnew({});
  };

  readonly setAtEnd = (isAtEnd: boolean): void => {
    this.#isAtEnd = isAtEnd;
  };

  readonly typing = (): void => {
    const now = this.context.clock.now();
    if (now - this.#typedAt < TYPING_MS) return;
    this.#typedAt = now;
    const event = create(ChatTyping, { isTyping: true });
    this.live.calls.sendStreamMessage(event, { offline: 'drop' }).catch(() => undefined);
  };

  readonly setDraft = (text: string): void => this.context.drafts.set(this.#draftKey, text);

  get isMissing(): boolean {
    return this.isInUse && this.#window.isStale;
  }

  hold(): void {
    this.#window.hold();
  }

  release(): void {
    this.#window.release();
    this.#trim();
    if (this.isInUse) this.#mark.open();
    this.changed();
  }

  arrive(message: ChatMessage): void {
    if (message.threadSeq !== this.threadSeq) return;
    this.context.posts.confirm([message]);
    this.#mark.look();
    if (!this.#window.arrive(message)) return;
    this.#mark.arrived(message);
    this.#trim();
    this.changed();
  }

  grow(growth: ChatGrowth): void {
    const hasChanged = this.#window.grow(growth);
    if (hasChanged) this.changed();
    if (hasChanged === undefined && !this.#isRepairing) void this.#repair(growth.seq);
  }

  /** Loads one message, of which pieces are missing. A failure leaves it until its next piece. */
  async #repair(seq: number): Promise<void> {
    this.#isRepairing = true;
    const request = { around: seq, limit: 2, ...this.#ofThread };
    try {
      const page = await this.live.calls.loadPage(create(ChatLoadPage, request as ChatLoadPage));
      for (const message of page.messages) this.amend(message);
    } catch {
      return;
    } finally {
      this.#isRepairing = false;
    }
  }

  amend(message: ChatMessage): void {
    if (this.#window.amend(message)) this.changed();
  }

  expire(firstSeq: number): void {
    this.#window.expire(firstSeq);
  }

  point(threadSeq?: number, readSeq?: number): void {
    if (threadSeq === undefined) this.#mark.lookUp();
    else if (threadSeq === this.threadSeq) this.#mark.stored(readSeq!);
  }

  async refresh(newest?: HistoryPage): Promise<void> {
    const window = this.#window;
    if (!this.isInUse) return window.forget();
    if (newest && this.threadSeq === null && !window.hasNewer) {
      this.#version++;
      return this.#take(newest.messages, () => window.reset(newest));
    }
    const { messages, hasNewer } = window;
    const around = hasNewer ? messages[messages.length >> 1]?.seq : undefined;
    await this.#loadAnew(around === undefined ? {} : { around });
  }

  forget(): void {
    this.#version++;
    this.#window.forget();
    this.#mark.forget();
  }

  /** Makes the view anew, and forgets own posts that have their place in the window. */
  override changed(): void {
    const { posts } = this.context;
    for (const { stored, clientId } of posts.of(this.channelId, this.threadSeq))
      if (stored && this.#window.find(stored.seq)) posts.remove(clientId);
    this.#mark.lookIfMoved();
    super.changed();
  }

  protected begin(): void {
    this.live.open();
  }

  protected stop(): void {
    this.live.close();
    this.#mark.leave();
  }

  #trim(): void {
    if (this.#isAtEnd && !this.isLoading('older')) this.#window.dropOldest();
    else if (!this.isLoading('newer')) this.#window.dropNewest();
  }

  /** Replaces the window by a page. Another replacement in between wins, if it is the later one. */
  #loadAnew(place: PagePlace): Promise<void> {
    this.#version++;
    return this.#loadPage(place, (page) => this.#window.reset(page));
  }

  #take(messages: readonly ChatMessage[], work: () => void): void {
    this.context.posts.confirm(messages);
    work();
    this.changed();
  }

  async #loadPage(place: PagePlace, work: (page: HistoryPage) => void): Promise<void> {
    const window = this.#window;
    const version = this.#version;
    window.loading();
    this.changed();
    try {
      const request = { ...place, ...this.#ofThread };
      const page = await this.live.calls.loadPage(create(ChatLoadPage, request as ChatLoadPage));
      if (version === this.#version) this.#take(page.messages, () => work(page));
    } finally {
      window.loaded();
      this.changed();
    }
  }

  get #ofThread(): { readonly threadSeq?: number } {
    return this.threadSeq === null ? {} : { threadSeq: this.threadSeq };
  }

  get #draftKey(): string {
    return this.threadSeq === null ? this.live.id : `${this.live.id}/${this.threadSeq}`;
  }

  protected view(): ChatRoomView {
    const { live } = this;
    const window = this.#window;
    const mark = this.#mark;
    const { status, error, channel, membership, rights } = live;
    return {
      status: status === 'live' && !window.isLoaded ? 'opening' : status,
      error,
      channel,
      membership,
      rights,
      items: this.#items,
      hasOlder: window.hasOlder,
      hasNewer: window.hasNewer,
      isLoadingOlder: this.isLoading('older'),
      isLoadingNewer: this.isLoading('newer'),
      unreadCount: mark.unreadCount,
      firstUnreadSeq: mark.firstUnreadSeq,
      lastReadSeq: mark.readSeq,
      typing: live.typists.users,
      present: live.attendance.users,
    };
  }

  /** The same array until an item changes. */
  get #items(): readonly ChatItem[] {
    const { context } = this;
    const window = this.#window;
    const user = context.options.user();
    const posts = window.hasNewer ? [] : context.posts.of(this.channelId, this.threadSeq);
    const items = [...window.messages.map(storedItem), ...posts.map((post) => pendingItem(post, user))];
    const isSame = items.length === this.#shown.length && items.every((item, at) => item === this.#shown[at]);
    return isSame ? this.#shown : (this.#shown = items);
  }
}
