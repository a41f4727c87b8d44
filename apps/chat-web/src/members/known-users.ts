import type { ChatProfile, ChatRoomView } from '@nestwire/chat/client';
import { useMemo } from 'react';

const known = new Map<string, ChatProfile>();

/** Returns the users of a room as far as the page has met them: authors, and those who are present. */
export function useRoomUsers({ items, present }: ChatRoomView): readonly ChatProfile[] {
  return useMemo(() => {
    const users = new Map<string, ChatProfile>();
    for (const { message } of items) if (message.author) users.set(message.author.id, message.author);
    for (const user of present ?? []) if (!users.has(user.id)) users.set(user.id, user);
    for (const user of users.values()) known.set(user.id, user);
    return [...users.values()].toSorted((a, b) => a.name.localeCompare(b.name));
  }, [items, present]);
}

/** Returns all users that the page has met, by name. */
export function knownUsers(): readonly ChatProfile[] {
  return [...known.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}
