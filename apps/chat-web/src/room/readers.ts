import type { ChatItem, ChatMember, ChatProfile } from '@nestwire/chat/client';

/** The users who have read up to a message, by the key of its item. */
export type Readers = ReadonlyMap<string, readonly ChatProfile[]>;

/** Finds the last message that each other member has read. Members without a pointer, and pointers outside, are left out. */
export function readersOf(
  items: readonly ChatItem[],
  members: readonly ChatMember[],
  ownId: string,
): Readers {
  const stored = items.filter(({ state }) => state === 'stored');
  const readers = new Map<string, ChatProfile[]>();
  for (const { user, readSeq } of members) {
    if (user.id === ownId || !readSeq) continue;
    const item = stored.findLast(({ message }) => message.seq! <= readSeq);
    // An author has seen the own message.
    if (!item || item.message.author?.id === user.id) continue;
    readers.set(item.key, [...(readers.get(item.key) ?? []), user]);
  }
  return readers;
}
