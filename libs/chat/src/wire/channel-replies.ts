import { StreamMessage } from '@nestwire/protocol';
import type { ChatChannel, ChatMember, ChatMembership } from '../channels/chat-channel.js';

/** A channel and the own membership. */
@StreamMessage('nestwire-chat.channel-state')
export class ChatChannelState {
  declare readonly $type: 'nestwire-chat.channel-state';
  channel!: ChatChannel;
  membership!: ChatMembership | null;
}

/** A page of the members of a channel. */
@StreamMessage('nestwire-chat.members')
export class ChatMembers {
  declare readonly $type: 'nestwire-chat.members';
  members!: readonly ChatMember[];
  next!: string | null;
}
