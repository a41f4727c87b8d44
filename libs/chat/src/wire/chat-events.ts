import { StreamMessage } from '@nestwire/protocol';
import type { ChatChannel, ChatMember, ChatMembership } from '../channels/chat-channel.js';
import type { ChatMessage } from '../messages/chat-message.js';
import type { ChatChangeKind } from '../outbox/outbox.js';

/**
 * Reports the present state of one message to the readers of its channel.
 *
 * A reader keeps the state with the highest revision; so repetitions and a page in between do no harm.
 */
@StreamMessage('nestwire-chat.message')
export class ChatMessageEvent {
  declare readonly $type: 'nestwire-chat.message';
  declare kind: ChatChangeKind;
  declare message: ChatMessage;
}

/** Reports the present state of a channel to its readers. */
@StreamMessage('nestwire-chat.channel')
export class ChatChannelEvent {
  declare readonly $type: 'nestwire-chat.channel';
  declare channel: ChatChannel;
}

/** Reports a member to the readers of a channel; null after the member has left. */
@StreamMessage('nestwire-chat.member')
export class ChatMemberEvent {
  declare readonly $type: 'nestwire-chat.member';
  declare channelId: string;
  declare userId: string;
  declare member: ChatMember | null;
  /** The members of the channel since. */
  declare memberCount: number;
}

/** Reports the own membership to the devices of a user; null after it has ended. */
@StreamMessage('nestwire-chat.membership')
export class ChatMembershipEvent {
  declare readonly $type: 'nestwire-chat.membership';
  declare channelId: string;
  declare membership: ChatMembership | null;
}

/** Reports the own read pointer of a thread to the devices of a user. */
@StreamMessage('nestwire-chat.thread')
export class ChatThreadEvent {
  declare readonly $type: 'nestwire-chat.thread';
  declare channelId: string;
  declare threadSeq: number;
  declare readSeq: number;
}
