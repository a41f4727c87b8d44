import { StreamMessage } from '@nestwire/protocol';
import type { ChatChannel, ChatMembership } from '../channels/chat-channel.js';
import type { ChatMessage } from '../messages/chat-message.js';
import type { GrantedRights } from '../policy/granted-rights.js';
import type { ChatProfile } from '../users/chat-users.js';

/** The first message of the stream of a channel: its newest page. */
@StreamMessage('nestwire-chat.joined')
export class ChatJoined {
  declare readonly $type: 'nestwire-chat.joined';
  declare channel: ChatChannel;
  declare membership: ChatMembership | null;
  declare rights: GrantedRights;
  declare messages: readonly ChatMessage[];
  declare hasOlder: boolean;
  declare revision: number;
}

/** A page of a history, from the oldest to the newest message. */
@StreamMessage('nestwire-chat.page')
export class ChatPage {
  declare readonly $type: 'nestwire-chat.page';
  declare messages: readonly ChatMessage[];
  declare hasOlder: boolean;
  declare hasNewer: boolean;
  declare revision: number;
}

/** The messages that changed after a revision. */
@StreamMessage('nestwire-chat.changes')
export class ChatChanges {
  declare readonly $type: 'nestwire-chat.changes';
  declare messages: readonly ChatMessage[];
  declare revision: number;
  declare hasMore: boolean;
  /** True when changes in between are kept no longer: load the newest page instead. */
  declare isCut: boolean;
}

/** A message as it is stored. */
@StreamMessage('nestwire-chat.stored')
export class ChatStored {
  declare readonly $type: 'nestwire-chat.stored';
  declare message: ChatMessage;
}

/** A read pointer as it is stored. */
@StreamMessage('nestwire-chat.pointer')
export class ChatPointer {
  declare readonly $type: 'nestwire-chat.pointer';
  declare seq: number;
}

/** Reports that a reader types, or no longer does. It is not stored. */
@StreamMessage('nestwire-chat.typing-event')
export class ChatTypingEvent {
  declare readonly $type: 'nestwire-chat.typing-event';
  declare channelId: string;
  declare user: ChatProfile;
  declare isTyping: boolean;
}

/** The messages that a search found. */
@StreamMessage('nestwire-chat.found')
export class ChatFound {
  declare readonly $type: 'nestwire-chat.found';
  declare messages: readonly ChatMessage[];
  declare next: string | null;
}
