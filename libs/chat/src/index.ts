export type { ChatAttachmentOptions } from './attachments/attachment.options.js';
export type { ChatAttachment } from './attachments/chat-attachment.js';
export type { ChatAttachments, NewUpload, UploadPlace, UploadState } from './attachments/chat-attachments.js';
export { ChatFileStorage, type ByteRange } from './attachments/file-storage.js';
export { LocalFileStorage } from './attachments/local-storage.js';
export { ChatPreviews, type ChatPreview } from './attachments/previews.js';
export type { ChannelTypeLimits, ChannelTypeOptions } from './channels/channel-type.js';
export type { ChatChannel, ChatMember, ChatMembership } from './channels/chat-channel.js';
export type { NewChannel } from './channels/channel-creation.js';
export type { MembershipChanges, MemberSetting } from './channels/channel-members.js';
export type { ChannelChanges } from './channels/channel-changes.js';
export type { ChatChannels } from './channels/chat-channels.js';
export type { ChannelEntry, LastMessage } from './channels/channel-entry.js';
export type { ChatLists } from './channels/chat-lists.js';
export type { ListPage, ListRequest } from './channels/list-page.js';
export type { OwnListRequest } from './channels/own-page.js';
export { ChatModule } from './chat.module.js';
export type {
  ChatModuleAsyncOptions,
  ChatModuleOptions,
  ChatOptions,
  ChatProviders,
} from './chat.options.js';
export { ChatService } from './chat.service.js';
export {
  kyselyTransaction,
  pgTransaction,
  type ChatTransaction,
  type KyselyTransactionLike,
  type PgClientLike,
} from './database/caller-transaction.js';
export type { DatabaseKind } from './database/database-kind.js';
export type { ChatDatabaseOptions, PgPoolLike } from './database/database.options.js';
export { chatMigrations } from './database/migrate.js';
export { ChatChannelEndpoint } from './endpoint/chat-channel-endpoint.js';
export { ChatUserEndpoint } from './endpoint/chat-user-endpoint.js';
export { ChatError, ChatErrorCode } from './error/chat-error.js';
export type { ChatLimits } from './limits/chat-limits.js';
export type { ChatHistory, MessageVersion } from './messages/chat-history.js';
export { ChatHooks, type ChatDraft, type ChatVerdict } from './messages/chat-hooks.js';
export type { ChatMessage, ChatReaction, MessageGrowth } from './messages/chat-message.js';
export type { GrowOptions, NewGrowingMessage } from './messages/growth/growth-ending.js';
export type { GrowthSource } from './messages/growth/growing-message.js';
export type { ChatGrowthOptions } from './messages/growth/growth.options.js';
export type { ChatMessages } from './messages/chat-messages.js';
export type { MessagePlace } from './messages/message-change.js';
export type { MessageRecipient } from './messages/message-recipients.js';
export type { MessageChanges } from './messages/message-edits.js';
export type { ChangesPage, HistoryPage, HistoryPageRequest } from './messages/history-page.js';
export type { NewMessage } from './messages/new-message.js';
export type { ChatSearch, SearchPage, SearchRequest } from './messages/chat-search.js';
export type { ReadPointers } from './messages/read-pointers.js';
export type { ThreadEntry } from './messages/thread-list.js';
export type { ChatChangeOptions } from './outbox/chat-work.js';
export type { ChatChangeKind } from './outbox/outbox.js';
export type { ChatRelayOptions } from './relay/relay.options.js';
export { chatGuest, chatServer, chatUser, type ChatActor } from './policy/chat-actor.js';
export type { ChannelRight, ChannelRights } from './policy/channel-rights.js';
export type { GrantedAction, GrantedRights } from './policy/granted-rights.js';
export { ChatPolicy, type ChatAction, type ChatResource, type ChatSubject } from './policy/chat-policy.js';
export type { ChatRole } from './policy/chat-role.js';
export { DefaultChatPolicy } from './policy/default-chat-policy.js';
export type { ChatPrivacy } from './privacy/chat-privacy.js';
export type { MessageReport } from './privacy/message-reports.js';
export type { UserPlace, UserReport } from './privacy/user-reports.js';
export type { ExportedRecord } from './privacy/user-export.js';
export type { ChatEntity, ChatEntityType } from './text/chat-entity.js';
export { parseText, type MentionedUser, type ParsedText } from './text/parse-text.js';
export type { ChatGuests } from './guests/chat-guests.js';
export { ChatUsers, type ChatProfile } from './users/chat-users.js';
export { ChatChange } from './wire/change-events.js';
export { chatChanges, chatInbox, chatRoom } from './wire/chat-topics.js';
