import type { ChatProfile, ChatRoom, ChatRoomView } from '@nestwire/chat/client';
import { useEffect, useMemo, useState } from 'react';

const PAGE = 100;
const MAX_PAGES = 5;

/** Returns the members of a room by name, at most 500, and the authors of the loaded messages. */
export function useRoomUsers(
  room: ChatRoom,
  { status, channel, items }: ChatRoomView,
): readonly ChatProfile[] {
  const members = useMembers(room, status === 'live' ? (channel?.memberCount ?? 0) : 0);
  return useMemo(() => {
    const users = new Map(members.map((user) => [user.id, user]));
    for (const { message } of items) if (message.author) users.set(message.author.id, message.author);
    return [...users.values()].toSorted((a, b) => a.name.localeCompare(b.name));
  }, [items, members]);
}

/** Loads the members again when their number has changed. */
function useMembers(room: ChatRoom, count: number): readonly ChatProfile[] {
  const [members, setMembers] = useState<readonly ChatProfile[]>([]);
  useEffect(() => {
    if (count === 0) return undefined;
    let isCurrent = true;
    // The authors remain when the members cannot be loaded.
    loadMembers(room).then(
      (loaded) => isCurrent && setMembers(loaded),
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [room, count]);
  return members;
}

async function loadMembers(room: ChatRoom): Promise<ChatProfile[]> {
  const users: ChatProfile[] = [];
  let cursor: string | null | undefined;
  for (let page = 0; page < MAX_PAGES && cursor !== null; page++) {
    const { members, next } = await room.loadMembers({ limit: PAGE, ...(cursor && { cursor }) });
    users.push(...members.filter(({ state }) => state === 'joined').map(({ user }) => user));
    cursor = next;
  }
  return users;
}
