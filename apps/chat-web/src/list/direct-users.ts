import type { ChannelEntry, ChatProfile } from '@nestwire/chat/client';
import { useChat } from '@nestwire/chat/react';
import { useEffect, useSyncExternalStore } from 'react';

const known = new Map<string, readonly ChatProfile[]>();
const asked = new Set<string>();
const listeners = new Set<() => void>();
let version = 0;

/** Returns the other members of a direct channel, as far as the page knows them. */
export function othersIn({ channel, lastMessage }: ChannelEntry, ownId: string): readonly ChatProfile[] {
  const members = known.get(channel.id);
  if (members) return members.filter(({ id }) => id !== ownId);
  const author = lastMessage?.author;
  return author && author.id !== ownId ? [author] : [];
}

/** Loads the members of the direct channels in a list, once; renders again when they are there. */
export function useDirectUsers(entries: readonly ChannelEntry[]): void {
  const chat = useChat();
  useSyncExternalStore(subscribe, () => version);
  useEffect(() => {
    for (const { channel } of entries) {
      if (channel.type !== 'direct' || asked.has(channel.id)) continue;
      asked.add(channel.id);
      chat
        .channel(channel.id)
        .loadMembers()
        .then(({ members }) =>
          know(
            channel.id,
            members.map(({ user }) => user),
          ),
        )
        .catch(() => asked.delete(channel.id));
    }
  }, [chat, entries]);
}

function know(channelId: string, users: readonly ChatProfile[]): void {
  known.set(channelId, users);
  version++;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
