import { ChatLoadPage, type ChatItem, type ChatMessage } from '@nestwire/chat/client';
import { create } from '@nestwire/protocol';
import { useEffect, useState } from 'react';
import { useChatConnection } from '../session/chat-session.js';

const MAX_KEPT = 500;
/** The messages that a client has loaded; they end with the client, which belongs to one user. */
const keptBy = new WeakMap<object, Map<string, ChatMessage>>();

/** Returns a message of a channel: from the loaded items, else from the server; undefined until it is there. */
export function useMessage(
  channelId: string,
  seq: number | null,
  items: readonly ChatItem[],
): ChatMessage | undefined {
  const { client } = useChatConnection();
  const kept = keptOf(client);
  const key = `${channelId}/${seq}`;
  const loaded = items.find((item) => item.message.seq === seq && seq !== null)?.message as
    ChatMessage | undefined;
  const [, setLoaded] = useState(0);
  const isMissing = seq !== null && !loaded && !kept.has(key);
  useEffect(() => {
    if (!isMissing) return;
    client
      .chatChannel({ channelId })
      .loadPage(create(ChatLoadPage, { around: seq, limit: 1 }))
      .then(({ messages }) => {
        const found = messages.find((message) => message.seq === seq);
        if (found) keep(kept, key, found);
        setLoaded((count) => count + 1);
      })
      // The place of the message stays empty.
      .catch(() => undefined);
  }, [isMissing, key]);
  return loaded ?? kept.get(key);
}

function keptOf(client: object): Map<string, ChatMessage> {
  const kept = keptBy.get(client) ?? new Map<string, ChatMessage>();
  keptBy.set(client, kept);
  return kept;
}

function keep(kept: Map<string, ChatMessage>, key: string, message: ChatMessage): void {
  kept.set(key, message);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
}
