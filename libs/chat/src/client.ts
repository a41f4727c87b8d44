import type { StreamsOf } from '@nestwire/streams';
import type { ChatChannelEndpoint } from './endpoint/chat-channel-endpoint.js';
import type { ChatUserEndpoint } from './endpoint/chat-user-endpoint.js';

export type { ChatChannel, ChatMember, ChatMembership } from './channels/chat-channel.js';
export type { ChannelEntry, LastMessage } from './channels/chat-lists.js';
export type { ChatMessage, ChatReaction } from './messages/chat-message.js';
export type { ChatEntity, ChatEntityType } from './text/chat-entity.js';
export { parseText, type MentionedUser, type ParsedText } from './text/parse-text.js';
export { textRuns, type TextRun } from './text/text-runs.js';
export type { ChatProfile } from './users/chat-users.js';
export {
  ChatChannelEvent,
  ChatMemberEvent,
  ChatMembershipEvent,
  ChatMessageEvent,
} from './wire/chat-events.js';
export { CHAT_MESSAGES } from './wire/chat-message-classes.js';
export {
  ChatChanges,
  ChatChannelPage,
  ChatChannelState,
  ChatFound,
  ChatJoined,
  ChatPage,
  ChatPointer,
  ChatStored,
  ChatTypingEvent,
} from './wire/chat-replies.js';
export {
  ChatCreate,
  ChatDelete,
  ChatEdit,
  ChatFind,
  ChatJoin,
  ChatLoadChanges,
  ChatLoadChannels,
  ChatLoadPage,
  ChatMarkRead,
  ChatPin,
  ChatPost,
  ChatReact,
  ChatTyping,
  ChatWatchPresence,
} from './wire/chat-requests.js';

/** The endpoints of the chat, for the type of a client. */
export type ChatStreams = StreamsOf<{ chatChannel: ChatChannelEndpoint; chatUser: ChatUserEndpoint }>;
