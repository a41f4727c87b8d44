import {
  PresenceJoined,
  PresenceLeft,
  PresenceMembers,
  PresenceUpdated,
  StreamGap,
} from '@nestwire/protocol';
import { ChatGrowth } from './growth-events.js';
import { ChatStopGrowth } from './growth-requests.js';
import {
  ChatChannelEvent,
  ChatMemberEvent,
  ChatMembershipEvent,
  ChatMessageEvent,
  ChatThreadEvent,
} from './chat-events.js';
import {
  ChatCreate,
  ChatJoin,
  ChatLoadMembers,
  ChatSetMember,
  ChatSetPreferences,
  ChatUpdate,
} from './channel-requests.js';
import { ChatChannelState, ChatMembers } from './channel-replies.js';
import {
  ChatChanges,
  ChatFound,
  ChatJoined,
  ChatPage,
  ChatPointer,
  ChatStored,
  ChatTypingEvent,
} from './chat-replies.js';
import {
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
} from './chat-requests.js';
import { ChatThreads, ChatVersions } from './history-replies.js';
import {
  ChatLoadPinned,
  ChatLoadThreads,
  ChatLoadVersions,
  ChatReport,
  ChatReportUser,
} from './history-requests.js';
import { ChatActivity, ChatListStale } from './list-events.js';
import { ChatChannelPage, ChatEntry, ChatOpenChannels } from './list-replies.js';
import { ChatLoadChannels, ChatLoadEntry, ChatLoadOpenChannels } from './list-requests.js';
import { ChatIntroduced, ChatUserList } from './user-replies.js';
import { ChatFindUsers, ChatIntroduce, ChatSetBlock } from './user-requests.js';

import { ChatUpload, ChatUploaded } from './upload-replies.js';
import { ChatBeginUpload, ChatCancelUpload, ChatChunk, ChatUploadFrom } from './upload-requests.js';

/** All message classes of the chat, for the option `messages` of a client. */
export const CHAT_MESSAGES = [
  ChatActivity,
  ChatBeginUpload,
  ChatCancelUpload,
  ChatChanges,
  ChatChannelEvent,
  ChatChannelPage,
  ChatChannelState,
  ChatChunk,
  ChatCreate,
  ChatDelete,
  ChatEdit,
  ChatEntry,
  ChatFind,
  ChatFindUsers,
  ChatIntroduce,
  ChatFound,
  ChatGrowth,
  ChatJoin,
  ChatJoined,
  ChatListStale,
  ChatLoadChanges,
  ChatLoadChannels,
  ChatLoadEntry,
  ChatLoadMembers,
  ChatLoadOpenChannels,
  ChatLoadPage,
  ChatLoadPinned,
  ChatLoadThreads,
  ChatLoadVersions,
  ChatMarkRead,
  ChatMemberEvent,
  ChatMembers,
  ChatMembershipEvent,
  ChatMessageEvent,
  ChatOpenChannels,
  ChatPage,
  ChatPin,
  ChatPointer,
  ChatPost,
  ChatReact,
  ChatReport,
  ChatReportUser,
  ChatSetBlock,
  ChatSetMember,
  ChatSetPreferences,
  ChatStopGrowth,
  ChatStored,
  ChatThreadEvent,
  ChatThreads,
  ChatTyping,
  ChatTypingEvent,
  ChatUpdate,
  ChatIntroduced,
  ChatUserList,
  ChatVersions,
  ChatUpload,
  ChatUploaded,
  ChatUploadFrom,
  ChatWatchPresence,
  PresenceJoined,
  PresenceLeft,
  PresenceMembers,
  PresenceUpdated,
  StreamGap,
] as const;
