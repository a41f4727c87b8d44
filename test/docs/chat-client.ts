import { createStreamClient } from '@nestwire/client';
import { create, StreamGap } from '@nestwire/protocol';
import {
  CHAT_MESSAGES,
  ChatJoined,
  ChatLoadChanges,
  ChatMessageEvent,
  ChatPost,
  type ChatMessage,
  type ChatStreams,
} from '@nestwire/chat/client';

/** Shows a channel, and posts to it. */
export async function follow(
  url: string,
  token: string,
  show: (messages: ChatMessage[]) => void,
): Promise<void> {
  // #region client
  const client = createStreamClient<ChatStreams>()({ url, messages: CHAT_MESSAGES, auth: () => token });
  const channel = client.chatChannel({ channelId: 'lobby' });
  const newest = new Map<number, ChatMessage>();
  let revision = 0;

  const merge = (messages: readonly ChatMessage[]) => {
    for (const message of messages)
      if (message.revision > (newest.get(message.seq)?.revision ?? 0)) newest.set(message.seq, message);
    show([...newest.values()].sort((a, b) => a.seq - b.seq));
  };

  await client.connectWebSocket();
  await channel.post(create(ChatPost, { clientId: crypto.randomUUID(), text: 'Hello' }));
  for await (const event of channel.stream) {
    if (event instanceof ChatMessageEvent) merge([event.message]);
    if (event instanceof ChatJoined) {
      merge(event.messages);
      revision = Math.max(revision, event.revision);
    }
    if (event instanceof StreamGap) {
      let changes;
      do {
        changes = await channel.loadChanges(create(ChatLoadChanges, { revision }));
        merge(changes.messages);
        revision = changes.revision;
      } while (changes.hasMore);
    }
  }
  // #endregion client
}
