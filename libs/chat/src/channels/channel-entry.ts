import type { ChatProfile } from '../users/chat-users.js';
import type { ChatChannel, ChatMembership } from './chat-channel.js';

/** The last message of a channel, for a list. */
export interface LastMessage {
  readonly seq: number;
  readonly kind: 'user' | 'system';
  readonly author: ChatProfile | null;
  readonly text: string;
  readonly createdAt: number;
}

/** A channel in the list of a user. */
export interface ChannelEntry {
  readonly channel: ChatChannel;
  readonly membership: ChatMembership;
  readonly lastMessage: LastMessage | null;
  /** The messages by others after the read pointer, outside of threads; up to 1,000. */
  readonly unreadCount: number;
  /** The messages after the read pointer that mention the user; up to 1,000. */
  readonly mentionCount: number;
  /** The other members of a channel of at most 20 fixed members, in the order of their ids; else empty. */
  readonly others: readonly ChatProfile[];
}
