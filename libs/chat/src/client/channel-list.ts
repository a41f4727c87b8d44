import { create, StreamGap, type CodedError, type Message } from '@nestwire/protocol';
import type { ChannelEntry } from '../channels/channel-entry.js';
import { ChatMembershipEvent } from '../wire/chat-events.js';
import { ChatActivity, ChatListStale } from '../wire/list-events.js';
import { ChatLoadChannels, ChatLoadEntry } from '../wire/list-requests.js';
import type { ChatContext } from './chat-context.js';
import type { ChatList, ChatListView } from './chat.js';
import type { ChatStatus } from './chat-face.js';
import { ListEntries } from './list-entries.js';
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
  private readonly entries = new ListEntries();
  /** The channels whose entries must be loaded. */
  private readonly wanted = new Set<string>();
  private status: ChatStatus = 'opening';
  private error: CodedError | null = null;
  private next: string | null = null;
  private more: Promise<void> | undefined;
  private mustReload = false;
  private isLoading = false;
  private failures = 0;
  private cancelLoad: (() => void) | undefined;

  constructor(private readonly context: ChatContext) {
    const { clock, options } = context;
    this.owner = {
      opened: () => this.reload(0),
      message: (message) => this.received(message),
      lost: () => this.set({ status: this.status === 'live' ? 'reconnecting' : this.status }),
      ended: (error) => this.set({ status: 'refused', error }),
    };
    this.store = new ViewStore(() => this.view(), {
      begin: () => context.isClosed() || context.feed.add(this.owner),
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

  /** Shows the read pointer of a channel, which this page has moved. */
  read(channelId: string, seq: number): void {
    this.want(channelId, this.entries.read(channelId, seq));
    this.store.changed();
  }

  /** Forgets everything, which belongs to another user. */
  forget(): void {
    this.entries.replace([]);
    this.wanted.clear();
    this.set({ next: null });
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
    if (message instanceof ChatActivity)
      this.want(message.channelId, this.entries.take(message, this.context.userId()));
    else if (message instanceof ChatMembershipEvent)
      this.want(message.channelId, this.entries.join(message.channelId, message.membership));
    else if (message instanceof StreamGap || message instanceof ChatListStale) this.reload(LOAD_MS);
    this.store.changed();
  }

  private want(channelId: string, isWanted: unknown): void {
    if (!isWanted || !this.store.isInUse) return;
    this.wanted.add(channelId);
    this.loadSoon(LOAD_MS);
  }

  private reload(delayMs: number): void {
    this.mustReload = true;
    this.loadSoon(delayMs);
  }

  private loadSoon(delayMs: number): void {
    if (delayMs && (this.cancelLoad || this.isLoading)) return;
    this.cancelLoad?.();
    if (delayMs) this.cancelLoad = this.context.clock.after(delayMs, () => void this.load());
    else if (!this.isLoading) void this.load();
  }

  private async load(): Promise<void> {
    this.cancelLoad = undefined;
    if (this.isLoading) return;
    this.isLoading = true;
    let delayMs = LOAD_MS;
    try {
      if (this.mustReload) await this.loadAll();
      else for (const channelId of [...this.wanted]) await this.loadEntry(channelId);
      this.failures = 0;
    } catch (failure) {
      delayMs = retryMs(this.failures++, codedError(failure));
    } finally {
      this.isLoading = false;
    }
    if ((this.mustReload || this.wanted.size) && this.store.isInUse) this.loadSoon(delayMs);
  }

  /** Loads as many entries as are shown. */
  private async loadAll(): Promise<void> {
    this.mustReload = false;
    try {
      const entries: ChannelEntry[] = [];
      let next: string | null = null;
      do {
        const page = await this.page(next);
        entries.push(...page.entries);
        next = page.next;
      } while (next !== null && entries.length < this.entries.all.length);
      for (const channelId of this.entries.replace(entries)) this.wanted.add(channelId);
      this.set({ next, status: 'live', error: null });
    } catch (error) {
      this.mustReload = true;
      throw error;
    }
  }

  private async loadEntry(channelId: string): Promise<void> {
    this.wanted.delete(channelId);
    try {
      const request = create(ChatLoadEntry, { channelId });
      const { entry } = await this.context.client.chatUser.loadEntry(request);
      if (!isListed(entry)) this.entries.remove(channelId);
      else if (this.entries.put(entry)) this.wanted.add(channelId);
    } catch (failure) {
      if (isPassing(codedError(failure))) {
        this.wanted.add(channelId);
        throw failure;
      }
      // The user may not know of the channel any more.
      this.entries.remove(channelId);
    }
    this.store.changed();
  }

  private async loadAfter(cursor: string): Promise<void> {
    const { entries, next } = await this.page(cursor);
    for (const entry of entries) if (this.entries.put(entry)) this.want(entry.channel.id, true);
    this.set({ next });
  }

  private page(cursor: string | null) {
    const request = { limit: PAGE, ...(cursor !== null && { cursor }) };
    return this.context.client.chatUser.loadChannels(create(ChatLoadChannels, request as ChatLoadChannels));
  }

  private set(change: { status?: ChatStatus; error?: CodedError | null; next?: string | null }): void {
    Object.assign(this, change);
    this.store.changed();
  }

  private view(): ChatListView {
    const { status, error, entries, next, more } = this;
    const now = this.context.clock.now();
    const loud = entries.all.filter(({ membership }) => (membership.mutedUntil ?? 0) <= now);
    return {
      status,
      error,
      entries: entries.all,
      hasMore: next !== null,
      isLoadingMore: more !== undefined,
      unreadTotal: loud.reduce((sum, { unreadCount }) => sum + unreadCount, 0),
      mentionTotal: entries.all.reduce((sum, { mentionCount }) => sum + mentionCount, 0),
    };
  }
}

/** A hidden channel is listed again after its next message. */
function isListed({ channel, membership }: ChannelEntry): boolean {
  const { hiddenAt } = membership;
  return channel.archivedAt === null && (hiddenAt === null || hiddenAt < channel.activeAt);
}
