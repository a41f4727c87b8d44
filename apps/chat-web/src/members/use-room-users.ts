import type { ChatMember, ChatProfile, ChatRoomView } from '@nestwire/chat/client';
import { useMemo } from 'react';

/** Returns the joined members of a room and the authors of the loaded messages, by name. */
export function useRoomUsers(
  members: readonly ChatMember[],
  { items }: ChatRoomView,
): readonly ChatProfile[] {
  return useMemo(() => {
    const joined = members.filter(({ state }) => state === 'joined');
    const users = new Map(joined.map(({ user }) => [user.id, user]));
    for (const { message } of items) if (message.author) users.set(message.author.id, message.author);
    return [...users.values()].toSorted((a, b) => a.name.localeCompare(b.name));
  }, [items, members]);
}
