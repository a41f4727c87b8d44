// Compiled, not run: what the hooks of the chat return, and how an item tells its state.
import { createStreamClient } from '@nestwire/client';
import {
  CHAT_MESSAGES,
  createChat,
  type ChannelEntry,
  type Chat,
  type ChatItem,
  type ChatMessage,
  type ChatRoom,
  type ChatStreams,
  type ChatThread,
} from '@nestwire/chat/client';
import { useChannelList, useChat, useDraft, useRoom, useSearch, useThread } from '@nestwire/chat/react';

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isTrue<T extends true>(): T | undefined {
  return undefined;
}

const client = createStreamClient<ChatStreams>()({ url: 'ws://localhost', messages: CHAT_MESSAGES });
export const chat = createChat(client, { user: () => null });
isTrue<Equals<typeof chat, Chat>>();

type Room = ReturnType<typeof useRoom>;
isTrue<Equals<Room['room'], ChatRoom>>();
isTrue<Equals<Room['items'], readonly ChatItem[]>>();
isTrue<Equals<ReturnType<typeof useThread>['thread'], ChatThread>>();
isTrue<Equals<ReturnType<typeof useChannelList>['entries'], readonly ChannelEntry[]>>();
isTrue<Equals<ReturnType<typeof useChat>, Chat>>();
isTrue<Equals<ReturnType<typeof useDraft>, [string, (text: string) => void]>>();
isTrue<Equals<ReturnType<typeof useSearch>['messages'], readonly ChatMessage[]>>();

/** The state of an item decides about its numbers and its error. */
export function describe(item: ChatItem): string {
  if (item.state === 'stored') {
    isTrue<Equals<typeof item.message, ChatMessage>>();
    return `${item.message.seq}`;
  }
  isTrue<Equals<typeof item.message.seq, null>>();
  // A thread has no threads of its own.
  isTrue<Equals<'thread' extends keyof ChatThread ? true : false, false>>();
  return item.error?.code ?? item.key;
}
