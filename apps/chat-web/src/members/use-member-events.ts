import { ChatMemberEvent } from '@nestwire/chat/client';
import { StreamGap, type Message } from '@nestwire/protocol';
import { useEffect, useRef } from 'react';
import { useChatConnection } from '../session/chat-session.js';

/** The listeners to the changes of members. */
export interface MemberListeners {
  /** A member has entered, changed, read or left. */
  onChange(event: ChatMemberEvent): void;
  /** Some changes are missing. */
  onGap(): void;
}

/** Follows the members of a channel; null follows none, because the stream of the channel is not live. */
export function useMemberEvents(channelId: string | null, listeners: MemberListeners): void {
  const { client } = useChatConnection();
  const latest = useRef(listeners);
  latest.current = listeners;
  useEffect(() => {
    if (channelId === null) return undefined;
    const { stream } = client.chatChannel({ channelId });
    const reader = stream[Symbol.asyncIterator]();
    const take = (message: Message) => {
      if (message instanceof ChatMemberEvent) latest.current.onChange(message);
      else if (message instanceof StreamGap) latest.current.onGap();
    };
    void readAll(reader, take);
    return () => void reader.return?.();
  }, [client, channelId]);
}

async function readAll(reader: AsyncIterator<Message>, take: (message: Message) => void): Promise<void> {
  try {
    for (let next = await reader.next(); !next.done; next = await reader.next()) take(next.value);
  } catch {
    // The room reports why its stream has ended.
  }
}
