import { create, StreamGap, type CodedError, type Message } from '@nestwire/protocol';
import type { ChannelEntry } from '../channels/channel-entry.js';
import { ChatMembershipEvent } from '../wire/chat-events.js';
import { ChatLoadChannels } from '../wire/list-requests.js';
import type { ChatContext } from './chat-context.js';
import type { ChatList, ChatListView, ChatStatus } from './chat-face.js';
import { codedError, isPassing, retryMs } from './retry.js';
import type { StreamOwner } from './stream-reading.js';
import { ViewStore } from './view-store.js';

/** The time in which changes lead to one load, in milliseconds. */
const LOAD_MS = 200;
const PAGE = 30;

/** The channels of the user, kept current by the stream of the user. */
export class ChannelList implements ChatList {
  readonly get: () => ChatListView;
  readonly subscribe: (onChange: () => void) => () => void;
  readonly initial: ChatListView;
  private readonly store: ViewStore<ChatListView>;
  private readonly owner: StreamOwner;
  private status: ChatStatus = 'opening';
  private error: CodedError | null = null;
  private entries: readonly ChannelEntry[] = [];
  private next: string | null = null;
  private more: Promise<void> | undefined;
  private failures = 0;
  private cancelLoad: (() => void) | undefined;

  constructor(private readonly context: ChatContext) {
    const { clock, options } = context;
    this.owner = {
      opened: () => void this.load(),
      message: (message) => this.received(message),
      lost: () => this.set({ status: this.status === 'live' ? 'reconnecting' : this.status }),
      ended: (error) => this.set({ status: 'refused', error }),
    };
    this.store = new ViewStore(() => this.view(), {
      begin: () => context.feed.add(this.owner),
      end: () => this.stop(),
      keepMs: options.keepMs,
      clock,
    });
    ({ get: this.get, subscribe: this.subscribe, initial: this.initial } = this.store);
  }

  readonly loadMore = (): Promise<void> => {
    const { next } = this;
    if (next === null) return Promise.resolve();
    this.more ??= this.loadAfter(next).finally(() => {
      this.more = undefined;
      this.store.changed();
    });
    this.store.changed();
    return this.more;
  };

  /** Forgets everything, which belongs to another user. */
  forget(): void {
    this.set({ entries: [], next: null });
  }

  /** Ends the use of the list. */
  end(): void {
    this.store.end();
  }

  private stop(): void {
    this.context.feed.remove(this.owner);
    this.cancelLoad?.();
    this.cancelLoad = undefined;
    this.status = 'opening';
  }

  private received(message: Message): void {
    if (message instanceof ChatMembershipEvent || message instanceof StreamGap) this.loadSoon(LOAD_MS);
  }

  private loadSoon(delayMs: number): void {
    this.cancelLoad ??= this.context.clock.after(delayMs, () => void this.load());
  }

  /** Loads as many entries as are shown. */
  private async load(): Promise<void> {
    this.cancelLoad?.();
    this.cancelLoad = undefined;
    try {
      const wanted = Math.max(this.entries.length, PAGE);
      const entries: ChannelEntry[] = [];
      let next: string | null = null;
      do {
        const page = await this.page(next);
        entries.push(...page.entries);
        next = page.next;
      } while (next !== null && entries.length < wanted);
      this.failures = 0;
      this.set({ entries, next, status: 'live', error: null });
    } catch (failure) {
      const error = codedError(failure);
      if (isPassing(error) && this.store.isInUse) this.loadSoon(retryMs(this.failures++, error));
    }
  }

  private async loadAfter(cursor: string): Promise<void> {
    const { entries, next } = await this.page(cursor);
    const known = new Set(this.entries.map(({ channel }) => channel.id));
    this.set({
      entries: [...this.entries, ...entries.filter(({ channel }) => !known.has(channel.id))],
      next,
    });
  }

  private page(cursor: string | null) {
    const request = { limit: PAGE, ...(cursor !== null && { cursor }) };
    return this.context.client.chatUser.loadChannels(create(ChatLoadChannels, request as ChatLoadChannels));
  }

  private set(
    change: Partial<{
      status: ChatStatus;
      error: CodedError | null;
      entries: readonly ChannelEntry[];
      next: string | null;
    }>,
  ): void {
    Object.assign(this, change);
    this.store.changed();
  }

  private view(): ChatListView {
    const { status, error, entries, next, more } = this;
    const now = this.context.clock.now();
    const loud = entries.filter(({ membership }) => (membership.mutedUntil ?? 0) <= now);
    return {
      status,
      error,
      entries,
      hasMore: next !== null,
      isLoadingMore: more !== undefined,
      unreadTotal: loud.reduce((sum, { unreadCount }) => sum + unreadCount, 0),
      mentionTotal: entries.reduce((sum, { mentionCount }) => sum + mentionCount, 0),
    };
  }
}
