import { StreamMessage } from '@nestwire/protocol';
import type { ChatChannel, ChatMember, ChatMembership } from '../channels/chat-channel.js';

/** A channel and the own membership. */
@StreamMessage('nestwire-chat.channel-state')
export class ChatChannelState {
  declare readonly $type: 'nestwire-chat.channel-state';
  declare channel: ChatChannel;
  declare membership: ChatMembership | null;
}

/** A page of the members of a channel. */
@StreamMessage('nestwire-chat.members')
export class ChatMembers {
  declare readonly $type: 'nestwire-chat.members';
  declare members: readonly ChatMember[];
  declare next: string | null;
}
