import { StreamMessage } from './stream-message.decorator.js';

/** A member as a watch reports it: a user, or a connection without a user. */
export interface WatchedMember {
  /** The user's id; for a connection without a user the id of the connection. */
  readonly id: string;
  /** The user's id, or null. */
  readonly userId: string | null;
  /** The data of the member's latest join; absent if there was none. */
  readonly data?: unknown;
}

/**
 * Reports one page of the members of a channel.
 *
 * The first page replaces the receiver's state of the channel; the others add to it. After the last page the
 * receiver knows all members, and the changes follow. Changes may also arrive between two pages.
 */
@StreamMessage('nestwire.presence.members')
export class PresenceMembers {
  declare readonly $type: 'nestwire.presence.members';
  /** The name of the channel. */
  channel!: string;
  /** The members of this page, in the order in which they joined. */
  members!: readonly WatchedMember[];
  /** True on the first page. */
  isFirst!: boolean;
  /** True on the last page. */
  isLast!: boolean;
}

/** Reports that a member has joined a channel, with its first connection. */
@StreamMessage('nestwire.presence.joined')
export class PresenceJoined {
  declare readonly $type: 'nestwire.presence.joined';
  /** The name of the channel. */
  channel!: string;
  /** The user's id; for a connection without a user the id of the connection. */
  id!: string;
  /** The user's id, or null. */
  userId!: string | null;
  /** The data that the member joined with. */
  data?: unknown;
}

/** Reports that the data of a member has changed. */
@StreamMessage('nestwire.presence.updated')
export class PresenceUpdated {
  declare readonly $type: 'nestwire.presence.updated';
  /** The name of the channel. */
  channel!: string;
  /** The `id` that joined. */
  id!: string;
  /** The user's id, or null. */
  userId!: string | null;
  /** The data of the member's latest join; absent if there is none now. */
  data?: unknown;
}

/** Reports that a member has left a channel, with its last connection. */
@StreamMessage('nestwire.presence.left')
export class PresenceLeft {
  declare readonly $type: 'nestwire.presence.left';
  /** The name of the channel. */
  channel!: string;
  /** The `id` that joined. */
  id!: string;
  /** The user's id, or null. */
  userId!: string | null;
}

/** One message of a watch: a page of members, or a change. */
export type PresenceEvent = PresenceMembers | PresenceJoined | PresenceUpdated | PresenceLeft;
