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
  const { members } = view;
  switch (event.$type) {
    case 'nestwire.presence.members':
      return {
        members: event.members.reduce<PresenceView['members']>(
          (all, member) => withReplaced(all, member, member),
          event.isFirst ? [] : members,
        ),
        isComplete: event.isLast,
      };
    case 'nestwire.presence.joined':
    case 'nestwire.presence.updated': {
      const { id, userId, data } = event;
      return { ...view, members: withReplaced(members, event, { id, userId, data }) };
    }
    case 'nestwire.presence.left':
      return { ...view, members: withReplaced(members, event) };
    default:
      return view;
  }
}

/** Returns the members with others in the place of one; if it is unknown, with the others at the end. */
function withReplaced(
  members: readonly WatchedMember[],
  { id, userId }: Pick<WatchedMember, 'id' | 'userId'>,
  ...others: readonly WatchedMember[]
): readonly WatchedMember[] {
  // Both ids are compared, because the id of a connection may equal that of a user.
  const at = members.findIndex((member) => member.id === id && member.userId === userId);
  return at < 0 ? [...members, ...others] : members.toSpliced(at, 1, ...others);
}
