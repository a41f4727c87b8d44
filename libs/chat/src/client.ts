export type { ChatClock, ChatOptions, ChatStorage, ChatStreamClient } from './client/chat-client.js';
export type {
  Chat,
  ChatDraftMessage,
  ChatItem,
  ChatList,
  ChatListView,
  ChatMessageEdit,
  ChatRoom,
  ChatRoomView,
  ChatSearchRequest,
  ChatSearchPage,
  ChatStatus,
  ChatThread,
  ChatTimeline,
  NewChannel,
  PendingMessage,
  StoredItem,
  UnstoredItem,
  UploadProgress,
} from './client/chat-face.js';
export type { ChatStreams } from './client/chat-streams.js';
export { createChat } from './client/create-chat.js';
export type { ChatChannel, ChatMember, ChatMembership } from './channels/chat-channel.js';
export type { ChannelEntry, LastMessage } from './channels/chat-lists.js';
export type { ChatMessage, ChatReaction, MessageGrowth } from './messages/chat-message.js';
export { applyGrowth, newerMessage } from './messages/growth/apply-growth.js';
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
export { ChatGrowth } from './wire/growth-events.js';
export { ChatStopGrowth } from './wire/growth-requests.js';
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
