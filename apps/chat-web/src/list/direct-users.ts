import type { ChannelEntry, Chat, ChatProfile } from '@nestwire/chat/client';
import { useChat } from '@nestwire/chat/react';
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { useOwnId } from '../session/chat-session.js';

/** The members of the direct channels of one chat, as far as the page knows them. */
class DirectUsers {
  /** Another number means other members. */
  version = 0;
  private readonly known = new Map<string, readonly ChatProfile[]>();
  private readonly asked = new Set<string>();
  private readonly listeners = new Set<() => void>();

  get(channelId: string): readonly ChatProfile[] | undefined {
    return this.known.get(channelId);
  }

  /** Loads the members of a direct channel, once. */
  load(chat: Chat, channelId: string): void {
    if (this.asked.has(channelId)) return;
    this.asked.add(channelId);
    chat
      .channel(channelId)
      .loadMembers()
      .then(
        ({ members }) =>
          this.know(
            channelId,
            members.map(({ user }) => user),
          ),
        () => this.asked.delete(channelId),
      );
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private know(channelId: string, users: readonly ChatProfile[]): void {
    this.known.set(channelId, users);
    this.version++;
    for (const listener of this.listeners) listener();
  }
}

/** They end with the chat, which belongs to one user. */
const usersOf = new WeakMap<Chat, DirectUsers>();

function directUsers(chat: Chat): DirectUsers {
  const users = usersOf.get(chat) ?? new DirectUsers();
  usersOf.set(chat, users);
  return users;
}

/** Loads the members of the direct channels in a list. */
export function useDirectUsers(entries: readonly ChannelEntry[]): void {
  const chat = useChat();
  useEffect(() => {
    for (const { channel } of entries)
      if (channel.type === 'direct') directUsers(chat).load(chat, channel.id);
  }, [chat, entries]);
}

/** Returns the function that finds the other members of a channel, as far as the page knows them. */
export function useOthersIn(): (entry: ChannelEntry) => readonly ChatProfile[] {
  const users = directUsers(useChat());
  const ownId = useOwnId();
  const subscribe = useCallback((listener: () => void) => users.subscribe(listener), [users]);
  const version = useSyncExternalStore(subscribe, () => users.version);
  return useCallback(
    ({ channel, lastMessage }) => {
      const members = users.get(channel.id);
      if (members) return members.filter(({ id }) => id !== ownId);
      const author = lastMessage?.author;
      return author && author.id !== ownId ? [author] : [];
    },
    [users, ownId, version],
  );
}
