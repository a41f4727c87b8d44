import { create, StreamGap, type CodedError, type Message } from '@nestwire/protocol';
import type { ChannelEntry } from '../channels/channel-entry.js';
import { ChatMembershipEvent } from '../wire/chat-events.js';
import { ChatActivity, ChatListStale } from '../wire/list-events.js';
import { ChatLoadChannels, ChatLoadEntry } from '../wire/list-requests.js';
import type { ChatContext } from './chat-context.js';
import type { ChatList, ChatListView } from './chat.js';
import type { ChatStatus } from './chat-face.js';
import { ListEntries } from './list-entries.js';
import { finalError } from './retry.js';
import type { StreamOwner } from './stream-reading.js';
import { Task } from './task.js';
import { ViewStore } from './view-store.js';

/** The time in which changes lead to one load, in milliseconds. */
const LOAD_MS = 200;
const PAGE = 30;

/** The channels of the user, kept current by the stream of the user. */
export class ChannelList extends ViewStore<ChatListView> implements ChatList {
  readonly #owner: StreamOwner;
  readonly #entries = new ListEntries();
  /** The channels whose entries must be loaded. */
  readonly #wanted = new Set<string>();
  #status: ChatStatus = 'opening';
  #error: CodedError | null = null;
  #next: string | null = null;
  #mustReload = false;
  readonly #loading: Task;

  constructor(context: ChatContext) {
    super(context);
    this.#loading = new Task(context.clock, () => this.#load());
    this.#owner = {
      opened: () => this.#reload(0),
      message: (message) => this.#received(message),
      lost: () => {
        if (this.#status === 'live') this.#become('reconnecting');
      },
      ended: (error) => this.#become('refused', error),
    };
    this.made();
  }

  readonly loadMore = (): Promise<void> => {
    const next = this.#next;
    return next === null ? Promise.resolve() : this.load('more', () => this.#loadAfter(next));
  };

  /** Shows the read pointer of a channel, which this page has moved. */
  read(channelId: string, seq: number): void {
    this.#want(channelId, this.#entries.read(channelId, seq));
    this.changed();
  }

  /** Forgets everything, which belongs to another user. */
  forget(): void {
    this.#entries.replace([]);
    this.#wanted.clear();
    this.#next = null;
    this.changed();
  }

  protected begin(): void {
    if (!this.context.isClosed()) this.context.feed.add(this.#owner);
  }

  protected stop(): void {
    this.context.feed.remove(this.#owner);
    this.#loading.stop();
    this.#status = 'opening';
  }

  #received(message: Message): void {
    if (message instanceof ChatActivity)
      this.#want(message.channelId, this.#entries.take(message, this.context.userId()));
    else if (message instanceof ChatMembershipEvent)
      this.#want(message.channelId, this.#entries.join(message.channelId, message.membership));
    else if (message instanceof StreamGap || message instanceof ChatListStale) this.#reload(LOAD_MS);
    this.changed();
  }

  #want(channelId: string, isWanted: unknown): void {
    if (!isWanted || !this.isInUse) return;
    this.#wanted.add(channelId);
    this.#loading.ask(LOAD_MS);
  }

  #reload(delayMs: number): void {
    this.#mustReload = true;
    this.#loading.ask(delayMs);
  }

  async #load(): Promise<void> {
    try {
      if (this.#mustReload) await this.#loadAll();
      for (const channelId of [...this.#wanted]) await this.#loadEntry(channelId);
    } catch (failure) {
      this.#mustReload = true;
      throw failure;
    }
  }

  /** Loads as many entries as are shown. */
  async #loadAll(): Promise<void> {
    this.#mustReload = false;
    const entries: ChannelEntry[] = [];
    let next: string | null = null;
    do {
      const page = await this.#page(next);
      entries.push(...page.entries);
      next = page.next;
    } while (next !== null && entries.length < this.#entries.all.length);
    for (const channelId of this.#entries.replace(entries)) this.#want(channelId, true);
    this.#next = next;
    this.#become('live');
  }

  async #loadEntry(channelId: string): Promise<void> {
    this.#wanted.delete(channelId);
    try {
      const request = create(ChatLoadEntry, { channelId });
      const { entry } = await this.context.client.chatUser.loadEntry(request);
      if (isListed(entry)) this.#want(channelId, this.#entries.put(entry));
      else this.#entries.remove(channelId);
    } catch (failure) {
      finalError(failure);
      // The user may not know of the channel any more.
      this.#entries.remove(channelId);
    }
    this.changed();
  }

  async #loadAfter(cursor: string): Promise<void> {
    const { entries, next } = await this.#page(cursor);
    for (const entry of entries) if (this.#entries.put(entry)) this.#want(entry.channel.id, true);
    this.#next = next;
    this.changed();
  }

  #page(cursor: string | null) {
    const request = { limit: PAGE, ...(cursor !== null && { cursor }) };
    return this.context.client.chatUser.loadChannels(create(ChatLoadChannels, request as ChatLoadChannels));
  }

  #become(status: ChatStatus, error: CodedError | null = null): void {
    this.#status = status;
    this.#error = error;
    this.changed();
  }

  protected view(): ChatListView {
    const { all: entries } = this.#entries;
    const now = this.context.clock.now();
    const loud = entries.filter(({ membership }) => (membership.mutedUntil ?? 0) <= now);
    return {
      status: this.#status,
      error: this.#error,
      entries,
      hasMore: this.#next !== null,
      isLoadingMore: this.isLoading('more'),
      unreadTotal: loud.reduce((sum, { unreadCount }) => sum + unreadCount, 0),
      mentionTotal: entries.reduce((sum, { mentionCount }) => sum + mentionCount, 0),
    };
  }
}

/** A hidden channel is listed again after its next message. */
function isListed({ channel, membership }: ChannelEntry): boolean {
  const { hiddenAt } = membership;
  return channel.archivedAt === null && (hiddenAt === null || hiddenAt < channel.activeAt);
}
