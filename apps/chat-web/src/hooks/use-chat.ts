import { useEffect, useMemo, useReducer, useRef } from 'react';
import { chatActions, joinAll, type ChatActions, type Dispatch } from '../chat/chat-actions.js';
import type { ChatClient } from '../chat/chat-client.js';
import { chatReducer, startingState, type ChatState, type Received } from '../chat/chat-state.js';

/** Connects the page's state with the client: messages, actions, and rooms after a reconnect. */
export function useChat(client: ChatClient, me: string): [ChatState, ChatActions] {
  const [state, dispatch] = useReducer(chatReducer, me, startingState);
  const actions = useMemo(() => chatActions(client, dispatch), [client]);
  useStream(client, dispatch);
  useRooms(client, state.joined);
  return [state, actions];
}

function useStream(client: ChatClient, dispatch: Dispatch): void {
  useEffect(() => {
    const reader = client.chat.stream[Symbol.asyncIterator]();
    void readAll(reader, dispatch);
    return () => void reader.return?.();
  }, [client, dispatch]);
}

async function readAll(messages: AsyncIterable<Received>, dispatch: Dispatch): Promise<void> {
  try {
    for await (const message of messages) dispatch({ kind: 'received', message });
  } catch (error) {
    console.error('The server closed the chat.', error);
  }
}

function useRooms(client: ChatClient, joined: readonly string[]): void {
  const rooms = useRef(joined);
  rooms.current = joined;
  useEffect(() => client.chat.addStreamOpenedListener(() => void joinAll(client, rooms.current)), [client]);
}
