import { create } from '@nestwire/protocol';
import { JoinRoom, LeaveRoom, SayInRoom, SayToPerson } from 'chat-server/messages';
import { useEffect, useMemo, useReducer, useRef } from 'react';
import type { ChatClient } from '../chat/chat-client.js';
import {
  chatReducer,
  startingState,
  type ChatEvent,
  type ChatState,
  type Received,
} from '../chat/chat-state.js';
import { isRoom, nameOf, type ConversationId } from '../chat/conversation.js';

/** What somebody can do in the chat. */
export interface ChatActions {
  /** Shows a conversation; joins it first when it is a room. */
  show(conversation: ConversationId): Promise<void>;
  leave(room: string): Promise<void>;
  /** Says something; rejects with the server's reason when it was refused. */
  say(conversation: ConversationId, text: string): Promise<void>;
  dismissAnnouncement(): void;
}

/** Connects the page's state with the client: what arrives, what is said, what a reconnect sets up again. */
export function useChat(client: ChatClient, me: string): [ChatState, ChatActions] {
  const [state, dispatch] = useReducer(chatReducer, me, startingState);
  useStream(client, dispatch);
  useRooms(client, state.joined);
  const actions = useMemo(() => actionsOn(client, dispatch), [client]);
  return [state, actions];
}

function useStream(client: ChatClient, dispatch: (event: ChatEvent) => void): void {
  useEffect(() => {
    const reader = client.chat.stream[Symbol.asyncIterator]();
    void readAll(reader, dispatch);
    return () => void reader.return?.();
  }, [client, dispatch]);
}

async function readAll(
  messages: AsyncIterable<Received>,
  dispatch: (event: ChatEvent) => void,
): Promise<void> {
  try {
    for await (const message of messages) dispatch({ kind: 'received', message });
  } catch (error) {
    console.error('The server closed the chat.', error);
  }
}

/** A new session is in no room, so each time the stream opens the tab joins its rooms again. */
function useRooms(client: ChatClient, joined: readonly string[]): void {
  const rooms = useRef(joined);
  rooms.current = joined;
  useEffect(() => client.chat.addStreamOpenedListener(() => void joinAll(client, rooms.current)), [client]);
}

async function joinAll(client: ChatClient, rooms: readonly string[]): Promise<void> {
  try {
    for (const room of rooms) await client.chat.sendStreamMessage(create(JoinRoom, { room }));
  } catch {
    // The line went down again: the next opening joins them all.
  }
}

function actionsOn(client: ChatClient, dispatch: (event: ChatEvent) => void): ChatActions {
  return {
    async show(conversation) {
      if (isRoom(conversation))
        await client.chat.sendStreamMessage(create(JoinRoom, { room: nameOf(conversation) }));
      dispatch({ kind: 'shown', conversation });
    },
    async leave(room) {
      dispatch({ kind: 'left', room });
      await client.chat.sendStreamMessage(create(LeaveRoom, { room }));
    },
    async say(conversation, text) {
      const to = nameOf(conversation);
      await client.chat.sendStreamMessage(
        isRoom(conversation)
          ? create(SayInRoom, { room: to, text })
          : create(SayToPerson, { recipient: to, text }),
      );
    },
    dismissAnnouncement: () => dispatch({ kind: 'announcement-read' }),
  };
}
