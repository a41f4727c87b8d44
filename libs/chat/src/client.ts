export type { ChatClock, ChatOptions, ChatStorage, ChatStreamClient } from './client/chat-client.js';
export type {
  Chat,
  ChatList,
  ChatListView,
  ChatSearchPage,
  ChatSearchRequest,
  NewChannel,
  OpenChannelsPage,
  OpenChannelsRequest,
} from './client/chat.js';
export type {
  ChatChannelChanges,
  ChatDraftMessage,
  ChatItem,
  ChatMemberPage,
  ChatMessageEdit,
  ChatPageRequest,
  ChatPreferences,
  ChatRoom,
  ChatRoomView,
  ChatStatus,
  ChatThread,
  ChatThreadPage,
  ChatTimeline,
  PendingMessage,
  StoredItem,
  UnstoredItem,
  UploadProgress,
} from './client/chat-face.js';
export type { ChatStreams } from './client/chat-streams.js';
export { createChat } from './client/create-chat.js';
export type { ChatAttachment } from './attachments/chat-attachment.js';
export type { ChatChannel, ChatMember, ChatMembership } from './channels/chat-channel.js';
export type { ChannelEntry, LastMessage } from './channels/channel-entry.js';
export type { MessageVersion } from './messages/chat-history.js';
export type { ChatMessage, ChatReaction, MessageGrowth } from './messages/chat-message.js';
export { applyGrowth, newerMessage } from './messages/growth/apply-growth.js';
export type { ThreadEntry } from './messages/thread-list.js';
export type { ChatChangeKind } from './outbox/outbox.js';
export type { ChatRole } from './policy/chat-role.js';
export type { GrantedAction, GrantedRights } from './policy/granted-rights.js';
export type { ChatEntity, ChatEntityType } from './text/chat-entity.js';
export { parseText, type MentionedUser, type ParsedText } from './text/parse-text.js';
export { textRuns, type TextRun } from './text/text-runs.js';
export type { ChatProfile } from './users/chat-users.js';
export {
  ChatChannelEvent,
  ChatMemberEvent,
  ChatMembershipEvent,
  ChatMessageEvent,
  ChatThreadEvent,
} from './wire/chat-events.js';
export { ChatUpload, ChatUploaded } from './wire/upload-replies.js';
export { ChatBeginUpload, ChatCancelUpload, ChatChunk, ChatUploadFrom } from './wire/upload-requests.js';
export { ChatGrowth } from './wire/growth-events.js';
export { ChatStopGrowth } from './wire/growth-requests.js';
export { CHAT_MESSAGES } from './wire/chat-message-classes.js';
export {
  ChatCreate,
  ChatJoin,
  ChatLoadMembers,
  ChatSetMember,
  ChatSetPreferences,
  ChatUpdate,
} from './wire/channel-requests.js';
export { ChatChannelState, ChatMembers } from './wire/channel-replies.js';
export {
  ChatChanges,
  ChatFound,
  ChatJoined,
  ChatPage,
  ChatPointer,
  ChatStored,
  ChatTypingEvent,
} from './wire/chat-replies.js';
export {
  ChatDelete,
  ChatEdit,
  ChatFind,
  ChatLoadChanges,
  ChatLoadPage,
  ChatMarkRead,
  ChatPin,
  ChatPost,
  ChatReact,
  ChatTyping,
  ChatWatchPresence,
} from './wire/chat-requests.js';
export { ChatThreads, ChatVersions } from './wire/history-replies.js';
export {
  ChatLoadPinned,
  ChatLoadThreads,
  ChatLoadVersions,
  ChatReport,
  ChatReportUser,
} from './wire/history-requests.js';
export { ChatActivity, ChatListStale } from './wire/list-events.js';
export { ChatChannelPage, ChatEntry, ChatOpenChannels } from './wire/list-replies.js';
export { ChatLoadChannels, ChatLoadEntry, ChatLoadOpenChannels } from './wire/list-requests.js';
export { ChatIntroduced, ChatUserList } from './wire/user-replies.js';
export { ChatFindUsers, ChatIntroduce, ChatSetBlock } from './wire/user-requests.js';
