import { StreamMessage } from '@nestwire/protocol';
import type { ChatRole } from '../policy/chat-role.js';

/** Creates a channel, once for each id and each set of direct members. */
@StreamMessage('nestwire-chat.create')
export class ChatCreate {
  declare readonly $type: 'nestwire-chat.create';
  type!: string;
  id?: string;
  name?: string;
  data?: unknown;
  members?: string[];
}

/** Joins or leaves a channel as a member. */
@StreamMessage('nestwire-chat.join')
export class ChatJoin {
  declare readonly $type: 'nestwire-chat.join';
  channelId!: string;
  isMember!: boolean;
}

/** Changes a channel; properties that are left out remain. */
@StreamMessage('nestwire-chat.update')
export class ChatUpdate {
  declare readonly $type: 'nestwire-chat.update';
  /** Null removes the name. */
  name?: string | null;
  /** Null removes the data. */
  data?: unknown;
  /** While it is frozen, only the server posts. */
  isFrozen?: boolean;
  /** While it is archived, nothing changes. */
  isArchived?: boolean;
}

/** Asks for the members of the channel, in the order of their ids. */
@StreamMessage('nestwire-chat.load-members')
export class ChatLoadMembers {
  declare readonly $type: 'nestwire-chat.load-members';
  cursor?: string;
  limit?: number;
}

/** Adds, invites or removes a member, or gives another role. */
@StreamMessage('nestwire-chat.set-member')
export class ChatSetMember {
  declare readonly $type: 'nestwire-chat.set-member';
  userId!: string;
  /** Null removes the member. */
  role!: ChatRole | null;
  /** True invites a user who is no member yet, instead of adding the user at once. */
  isInvitation?: boolean;
}

/** Mutes or hides the channel for the user alone; what is left out remains. */
@StreamMessage('nestwire-chat.set-preferences')
export class ChatSetPreferences {
  declare readonly $type: 'nestwire-chat.set-preferences';
  isMuted?: boolean;
  /** The end of the time in which the channel is muted, in milliseconds since 1970; for good without it. */
  mutedUntil?: number;
  /** Hides the channel from the list until the next message. */
  isHidden?: boolean;
}
