import type { Message } from './message-class.js';
import type { PresenceEvent, WatchedMember } from './presence-events.js';

/** The members of a channel according to the messages of a watch. */
export interface PresenceView {
  /** The members in the order in which they joined. */
  readonly members: readonly WatchedMember[];
  /** True when all members are known, which is after the last page of `PresenceMembers`. */
  readonly isComplete: boolean;
}

/** The view before the first message of a watch. */
export const EMPTY_PRESENCE: PresenceView = { members: [], isComplete: false };

/**
 * Returns the view of a channel after one more message of its watch.
 *
 * It does not modify the given view, and returns it for a message that belongs to no watch. A stream that
 * carries the watches of several channels needs one view for each `channel`.
 */
export function applyPresence(view: PresenceView, message: Message): PresenceView {
  const event = message as PresenceEvent;
  switch (event.$type) {
    case 'nestwire.presence.members':
      return {
        members: event.isFirst ? event.members : event.members.reduce(withMember, view.members),
        isComplete: event.isLast,
      };
    case 'nestwire.presence.joined':
    case 'nestwire.presence.updated': {
      const { id, userId, data } = event;
      return { ...view, members: withMember(view.members, { id, userId, data }) };
    }
    case 'nestwire.presence.left':
      return { ...view, members: view.members.filter((member) => !isSame(member, event)) };
    default:
      return view;
  }
}

function withMember(members: readonly WatchedMember[], member: WatchedMember): readonly WatchedMember[] {
  return members.some((other) => isSame(other, member))
    ? members.map((other) => (isSame(other, member) ? member : other))
    : [...members, member];
}

/** Compares both ids, because the id of a connection may equal that of a user. */
function isSame(one: WatchedMember, other: Pick<WatchedMember, 'id' | 'userId'>): boolean {
  return one.id === other.id && one.userId === other.userId;
}
