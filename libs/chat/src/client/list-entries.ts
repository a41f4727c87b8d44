import type { ChannelEntry } from '../channels/channel-entry.js';
import type { ChatMembership } from '../channels/chat-channel.js';
import type { ChatActivity } from '../wire/list-events.js';

/** The highest count of unread messages. */
const MAX_UNREAD = 1_000;

/**
 * The entries of the list of channels, the last active first.
 *
 * Events change the state of an entry. What they cannot count, such as the deletion of a message that may have been
 * unread, needs the entry from the server: the functions then return true.
 */
export class ListEntries {
  all: readonly ChannelEntry[] = [];
  /** The read pointers that this page has moved; the server may not know them yet. */
  readonly #reads = new Map<string, number>();

  /** Returns the entry of a channel. */
  find(channelId: string): ChannelEntry | undefined {
    return this.all.find(({ channel }) => channel.id === channelId);
  }

  /** Takes an entry of the server; returns true when events have changed more than it has. */
  put(entry: ChannelEntry): boolean {
    const { channel, membership } = entry;
    const known = this.find(channel.id);
    if (known && known.channel.revision > channel.revision) return true;
    this.#set({ ...entry, membership: withRead(membership, this.#reads.get(channel.id)) });
    const { membership: current } = this.find(channel.id)!;
    return current.readSeq > membership.readSeq && !this.#isRead(channel.id);
  }

  /** Replaces all entries; returns the channels that need their entry from the server. */
  replace(entries: readonly ChannelEntry[]): string[] {
    const former = this.all;
    this.all = [];
    return entries.flatMap((entry) => {
      const known = former.find(({ channel }) => channel.id === entry.channel.id);
      const isOld = known && known.channel.revision > entry.channel.revision;
      return this.put(entry) || isOld ? [entry.channel.id] : [];
    });
  }

  /** Removes the entry of a channel. */
  remove(channelId: string): void {
    this.all = this.all.filter(({ channel }) => channel.id !== channelId);
    this.#reads.delete(channelId);
  }

  /** Takes an event of a channel; returns true when the channel needs its entry from the server. */
  take(event: ChatActivity, userId: string | null): boolean {
    const { channel, lastMessage, kind, seq, authorId, threadSeq, isMention } = event;
    const known = this.find(event.channelId);
    if (!known) return channel.archivedAt === null;
    const isNew = kind === 'message.posted' && seq !== null && seq > known.channel.lastSeq;
    const isUnread =
      isNew &&
      !channel.isEphemeral &&
      authorId !== null &&
      authorId !== userId &&
      seq > known.membership.readSeq;
    const isNewer = channel.revision >= known.channel.revision;
    this.#set({
      ...known,
      // The entry counts up to its last message, so this number grows only with what is counted.
      channel: {
        ...(isNewer ? channel : known.channel),
        lastSeq: Math.max(known.channel.lastSeq, isNew ? seq : 0),
      },
      lastMessage: isNewer ? lastMessage : known.lastMessage,
      unreadCount: plus(known.unreadCount, isUnread && threadSeq === null),
      mentionCount: plus(known.mentionCount, isUnread && isMention),
    });
    if (channel.archivedAt !== null) this.remove(channel.id);
    const mayUncount = kind === 'message.deleted' || kind === 'message.edited';
    return mayUncount && seq !== null && seq > known.membership.readSeq;
  }

  /** Takes the own membership; returns true when the channel needs its entry from the server. */
  join(channelId: string, membership: ChatMembership | null): boolean {
    const known = this.find(channelId);
    if (!membership) this.remove(channelId);
    if (!membership || !known || membership.hiddenAt !== null) return membership !== null;
    const { readSeq } = known.membership;
    this.#set({ ...known, membership: withRead(membership, readSeq) });
    return membership.readSeq > readSeq && !this.#isRead(channelId);
  }

  /** Moves the read pointer before the server does; returns true when the count must be loaded. */
  read(channelId: string, seq: number): boolean {
    this.#reads.set(channelId, Math.max(seq, this.#reads.get(channelId) ?? 0));
    const known = this.find(channelId);
    if (!known) return false;
    this.#set({ ...known, membership: withRead(known.membership, seq) });
    return !this.#isRead(channelId);
  }

  #isRead(channelId: string): boolean {
    const { channel, membership } = this.find(channelId)!;
    return membership.readSeq >= channel.lastSeq;
  }

  #set(entry: ChannelEntry): void {
    const { channel, membership } = entry;
    const isRead = membership.readSeq >= channel.lastSeq;
    const current = isRead ? { ...entry, unreadCount: 0, mentionCount: 0 } : entry;
    const others = this.all.filter(({ channel: { id } }) => id !== channel.id);
    this.all = [...others, current].toSorted(byActivity);
  }
}

function withRead(membership: ChatMembership, readSeq = 0): ChatMembership {
  return readSeq > membership.readSeq ? { ...membership, readSeq } : membership;
}

function plus(count: number, isOneMore: unknown): number {
  return Math.min(MAX_UNREAD, count + (isOneMore ? 1 : 0));
}

function byActivity({ channel: a }: ChannelEntry, { channel: b }: ChannelEntry): number {
  return b.activeAt - a.activeAt || (a.id < b.id ? 1 : -1);
}
