import { createStreamClient } from '@nestwire/client';
import { CHAT_MESSAGES } from 'chat-server/messages';
import type { ChatStreams } from 'chat-server/streams';

/** Makes the client of a user; in this demo the name is the token. */
export function createChatClient(name: string) {
  return createStreamClient<ChatStreams>()({ url: streamsUrl(), messages: CHAT_MESSAGES, auth: () => name });
}

/** The chat's client, typed by the server's endpoint. */
export type ChatClient = ReturnType<typeof createChatClient>;

function streamsUrl(): string {
  const url = new URL('/streams', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
