import { StreamMessage } from '@nestwire/protocol';
import type { ChatRole } from '../policy/chat-role.js';

/** Creates a channel, once for each id and each set of direct members. */
@StreamMessage('nestwire-chat.create')
export class ChatCreate {
  declare readonly $type: 'nestwire-chat.create';
  declare type: string;
  declare id?: string;
  declare name?: string;
  declare data?: unknown;
  declare members?: string[];
}

/** Joins or leaves a channel as a member. */
@StreamMessage('nestwire-chat.join')
export class ChatJoin {
  declare readonly $type: 'nestwire-chat.join';
  declare channelId: string;
  declare isMember: boolean;
}

/** Changes a channel; properties that are left out remain. */
@StreamMessage('nestwire-chat.update')
export class ChatUpdate {
  declare readonly $type: 'nestwire-chat.update';
  /** Null removes the name. */
  declare name?: string | null;
  /** Null removes the data. */
  declare data?: unknown;
  /** While it is frozen, only the server posts. */
  declare isFrozen?: boolean;
  /** While it is archived, nothing changes. */
  declare isArchived?: boolean;
}

/** Asks for the members of the channel, in the order of their ids. */
@StreamMessage('nestwire-chat.load-members')
export class ChatLoadMembers {
  declare readonly $type: 'nestwire-chat.load-members';
  declare cursor?: string;
  declare limit?: number;
}

/** Adds, invites or removes a member, or gives another role. */
@StreamMessage('nestwire-chat.set-member')
export class ChatSetMember {
  declare readonly $type: 'nestwire-chat.set-member';
  declare userId: string;
  /** Null removes the member. */
  declare role: ChatRole | null;
  /** True invites a user who is no member yet, instead of adding the user at once. */
  declare isInvitation?: boolean;
}

/** Mutes or hides the channel for the user alone; what is left out remains. */
@StreamMessage('nestwire-chat.set-preferences')
export class ChatSetPreferences {
  declare readonly $type: 'nestwire-chat.set-preferences';
  declare isMuted?: boolean;
  /** The end of the time in which the channel is muted, in milliseconds since 1970; for good without it. */
  declare mutedUntil?: number;
  /** Hides the channel from the list until the next message. */
  declare isHidden?: boolean;
}
