import type { CodedError } from '@nestwire/protocol';
import type { Store } from '@nestwire/client/store';
import type { ChatChannel, ChatMember, ChatMembership } from '../channels/chat-channel.js';
import type { MessageVersion } from '../messages/chat-history.js';
import type { ChatMessage } from '../messages/chat-message.js';
import type { ThreadEntry } from '../messages/thread-list.js';
import type { ChatRole } from '../policy/chat-role.js';
import type { GrantedRights } from '../policy/granted-rights.js';
import type { ChatEntity } from '../text/chat-entity.js';
import type { ChatProfile } from '../users/chat-users.js';

/** A message that is not stored yet: it has no numbers. */
export type PendingMessage = Omit<ChatMessage, 'seq' | 'revision'> & {
  readonly seq: null;
  readonly revision: null;
};

/** The progress of the files of a message, in bytes. */
export interface UploadProgress {
  readonly sent: number;
  readonly total: number;
}

/** A stored message in a room. */
export interface StoredItem {
  /** The name of the item in its room: the same before and after the message is stored. */
  readonly key: string;
  readonly state: 'stored';
  readonly message: ChatMessage;
}

/** An own message that is not stored: it waits for its answer, or was refused. */
export interface UnstoredItem {
  /** The name of the item in its room: the same before and after the message is stored. */
  readonly key: string;
  readonly state: 'pending' | 'failed';
  readonly message: PendingMessage;
  /** The reason of a failed message. */
  readonly error?: CodedError;
  /** Its files, for a preview; a later page does not have them. */
  readonly files?: readonly Blob[];
  /** The progress of its files, while they are sent. */
  readonly upload?: UploadProgress;
}

/** A message in a room. The same object until it changes. */
export type ChatItem = StoredItem | UnstoredItem;

/** The state of the stream of a room or a list. */
export type ChatStatus =
  /** The first page has not arrived. */
  | 'opening'
  | 'live'
  /** The connection is lost, or missed changes are being loaded; the items are of before. */
  | 'reconnecting'
  /** The server has refused the stream; `error` has the reason. */
  | 'refused'
  /** The membership of the user has ended. */
  | 'removed';

/** The content of a room. The same object until something changes. */
export interface ChatRoomView {
  readonly status: ChatStatus;
  readonly error: CodedError | null;
  readonly channel: ChatChannel | null;
  readonly membership: ChatMembership | null;
  /** The actions that the server permits the user in the channel; null while unknown. */
  readonly rights: GrantedRights | null;
  /** From the oldest to the newest; own messages that are not stored follow in the order of posting. */
  readonly items: readonly ChatItem[];
  readonly hasOlder: boolean;
  /** True when newer messages exist than `items` has; new messages then do not appear. */
  readonly hasNewer: boolean;
  readonly isLoadingOlder: boolean;
  readonly isLoadingNewer: boolean;
  /** The messages by others after the read pointer, up to 1,000. */
  readonly unreadCount: number;
  /** The first unread message when the room was opened; null without one. */
  readonly firstUnreadSeq: number | null;
  /** The number of the last message that the user has read. */
  readonly lastReadSeq: number;
  /** The other users who type now. */
  readonly typing: readonly ChatProfile[];
  /** The users who are present, the user included; null while unknown. */
  readonly present: readonly ChatProfile[] | null;
}

/** A message to post. */
export interface ChatDraftMessage {
  readonly text: string;
  /** The marked ranges of the text; `parseText` makes them of typed marks. */
  readonly entities?: readonly ChatEntity[];
  readonly mentions?: readonly string[];
  readonly replyTo?: number;
  readonly data?: unknown;
  /** Files to upload before the message is stored. */
  readonly files?: readonly Blob[];
}

/** New content of a message; what is left out remains. */
export interface ChatMessageEdit {
  readonly text?: string;
  /** The marked ranges; a new text without them has none. */
  readonly entities?: readonly ChatEntity[];
  readonly mentions?: readonly string[];
  readonly data?: unknown;
}

/**
 * One channel, or one thread of it, as a store of its messages.
 *
 * It opens with its first subscriber, and closes `keepMs` after the last. All functions are bound.
 */
export interface ChatTimeline extends Store<ChatRoomView> {
  readonly channelId: string;
  /** The message that began the thread; null for the channel itself. */
  readonly threadSeq: number | null;
  /** Posts a message, which is in `items` at once; returns the key of the item. Never throws. */
  readonly post: (message: ChatDraftMessage) => string;
  /** Posts a failed message again. */
  readonly retry: (key: string) => void;
  /** Removes an unstored message; the server may store it nevertheless when it was sent. */
  readonly discard: (key: string) => void;
  /** @throws {CodedError} the error of the server, or NOT_CONNECTED */
  readonly edit: (seq: number, changes: ChatMessageEdit) => Promise<void>;
  /** @throws {CodedError} the error of the server, or NOT_CONNECTED */
  readonly remove: (seq: number) => Promise<void>;
  /** @throws {CodedError} the error of the server, or NOT_CONNECTED */
  readonly react: (seq: number, emoji: string, isSet: boolean) => Promise<void>;
  /** @throws {CodedError} the error of the server, or NOT_CONNECTED */
  readonly pin: (seq: number, isPinned: boolean) => Promise<void>;
  /** Stops a growing message; its text so far remains. @throws {CodedError} */
  readonly stopGrowth: (seq: number) => Promise<void>;
  /** Moves the read pointer forward, at once here and soon on the server; a lower number changes nothing. */
  readonly markRead: (seq: number) => void;
  /** Loads the page before the items; resolves when it is there. @throws {CodedError} */
  readonly loadOlder: () => Promise<void>;
  /** Loads the page after the items; resolves when it is there. @throws {CodedError} */
  readonly loadNewer: () => Promise<void>;
  /** Shows the messages around one; resolves to true when `items` has it. @throws {CodedError} */
  readonly jumpTo: (seq: number) => Promise<boolean>;
  /** Shows the newest messages. @throws {CodedError} */
  readonly jumpToNewest: () => Promise<void>;
  /** Tells whether the reader is at the end of the items; otherwise new messages drop none of the oldest. */
  readonly setAtEnd: (isAtEnd: boolean) => void;
  /** Tells the others that the user types; call it for each change of the text. */
  readonly typing: () => void;
  /** The text that the user has not posted yet. */
  readonly draft: Store<string>;
  readonly setDraft: (text: string) => void;
}

/** A thread of a channel. */
export type ChatThread = ChatTimeline;

/** A page of a list of a channel. */
export interface ChatPageRequest {
  /** The cursor of the page before; without it, the first page. */
  readonly cursor?: string;
  readonly limit?: number;
}

/** A page of the members of a channel. */
export interface ChatMemberPage {
  readonly members: readonly ChatMember[];
  /** The cursor of the next page; null at the end. */
  readonly next: string | null;
}

/** A page of the threads of a channel that the user follows. */
export interface ChatThreadPage {
  readonly threads: readonly ThreadEntry[];
  /** The cursor of the next page; null at the end. */
  readonly next: string | null;
}

/** New properties of a channel; what is left out remains. */
export interface ChatChannelChanges {
  /** Null removes the name. */
  readonly name?: string | null;
  /** Null removes the data. */
  readonly data?: unknown;
  readonly isFrozen?: boolean;
  readonly isArchived?: boolean;
}

/** How the user alone wants a channel; what is left out remains. */
export interface ChatPreferences {
  readonly isMuted?: boolean;
  /** The end of the time in which the channel is muted, in milliseconds since 1970; for good without it. */
  readonly mutedUntil?: number;
  /** Hides the channel from the list until its next message. */
  readonly isHidden?: boolean;
}

/**
 * A channel of a chat.
 *
 * Each function that asks the server rejects with its coded error.
 */
export interface ChatRoom extends ChatTimeline {
  readonly loadMembers: (request?: ChatPageRequest) => Promise<ChatMemberPage>;
  /** Adds a member, gives another role, or removes the member for the role null. */
  readonly setMember: (userId: string, role: ChatRole | null) => Promise<void>;
  /** Invites a user, who becomes a member with `chat.join`. */
  readonly invite: (userId: string) => Promise<void>;
  readonly update: (changes: ChatChannelChanges) => Promise<void>;
  readonly setPreferences: (preferences: ChatPreferences) => Promise<void>;
  /** Reports a message to the moderators. */
  readonly report: (seq: number, reason: string) => Promise<void>;
  readonly loadThreads: (request?: ChatPageRequest) => Promise<ChatThreadPage>;
  /** Loads the pinned messages, the last pinned first. */
  readonly loadPinned: () => Promise<readonly ChatMessage[]>;
  /** Loads the former versions of a message, the oldest first. */
  readonly loadVersions: (seq: number) => Promise<readonly MessageVersion[]>;
  /** Returns the thread that a message began: the same object for the same message. */
  readonly thread: (seq: number) => ChatThread;
}
