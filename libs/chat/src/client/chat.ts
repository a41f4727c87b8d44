import type { Store } from '@nestwire/client/store';
import type { CodedError } from '@nestwire/protocol';
import type { ChannelEntry } from '../channels/channel-entry.js';
import type { ChatChannel } from '../channels/chat-channel.js';
import type { ChatMessage } from '../messages/chat-message.js';
import type { ChatProfile } from '../users/chat-users.js';
import type { ChatPageRequest, ChatRoom, ChatStatus } from './chat-face.js';

/** The content of the list of channels. */
export interface ChatListView {
  readonly status: ChatStatus;
  readonly error: CodedError | null;
  /** The own channels, the last active first. */
  readonly entries: readonly ChannelEntry[];
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  /** The unread messages of all loaded entries that are not muted. */
  readonly unreadTotal: number;
  /** The unread mentions of all loaded entries. */
  readonly mentionTotal: number;
}

/**
 * The channels of the user.
 *
 * It opens with its first subscriber, and closes `keepMs` after the last.
 */
export interface ChatList extends Store<ChatListView> {
  /** Loads the next page. @throws {CodedError} */
  readonly loadMore: () => Promise<void>;
}

/** A channel to create. */
export interface NewChannel {
  readonly type: string;
  readonly id?: string;
  readonly name?: string;
  readonly data?: unknown;
  readonly members?: readonly string[];
}

/** The place of a search, and the page to begin with. */
export interface ChatSearchRequest {
  /** Without it, all own channels. */
  readonly channelId?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

/** A page of found messages. */
export interface ChatSearchPage {
  readonly messages: readonly ChatMessage[];
  /** The cursor of the next page; null at the end. */
  readonly next: string | null;
}

/** The wanted open channels. */
export interface OpenChannelsRequest extends ChatPageRequest {
  /** @default 'public' */
  readonly type?: string;
}

/** A page of open channels. */
export interface OpenChannelsPage {
  readonly channels: readonly ChatChannel[];
  /** The cursor of the next page; null at the end. */
  readonly next: string | null;
}

/** The chat of one user, over one client. */
export interface Chat {
  readonly list: ChatList;
  /** Returns the room of a channel: the same object for the same id. */
  readonly channel: (id: string) => ChatRoom;
  /** @throws {CodedError} */
  readonly create: (channel: NewChannel) => Promise<ChatChannel>;
  /** Creates or finds the direct channel with users. @throws {CodedError} */
  readonly openDirect: (userIds: readonly string[]) => Promise<ChatChannel>;
  /** Becomes a member. @throws {CodedError} */
  readonly join: (channelId: string) => Promise<void>;
  /** Ends the membership. @throws {CodedError} */
  readonly leave: (channelId: string) => Promise<void>;
  /** @throws {CodedError} */
  readonly search: (text: string, options?: ChatSearchRequest) => Promise<ChatSearchPage>;
  /** Loads a page of the channels that everybody may join. @throws {CodedError} */
  readonly openChannels: (request?: OpenChannelsRequest) => Promise<OpenChannelsPage>;
  /** Finds users by a part of their name, if the server offers it. @throws {CodedError} */
  readonly findUsers: (text: string) => Promise<readonly ChatProfile[]>;
  /** Blocks a user, or ends the block. @throws {CodedError} */
  readonly setBlock: (userId: string, isBlocked: boolean) => Promise<void>;
  /**
   * Removes the drafts and the unstored posts of the user, also from the storages.
   *
   * Call it at the sign-out, while `user` still returns the user. The server may store a post nevertheless that was sent.
   */
  readonly clear: () => void;
  /** Ends all streams and timers. The client remains open, and unstored posts remain in `outbox`. */
  readonly close: () => void;
}
