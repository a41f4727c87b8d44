import { create } from '@nestwire/protocol';
import { JoinRoom, LeaveRoom, SayInRoom, SayToPerson } from 'chat-server/messages';
import type { ChatClient } from './chat-client.js';
import type { ChatEvent } from './chat-state.js';
import { isRoom, nameOf, type ConversationId } from './conversation.js';

/** Takes what happened into the page's state. */
export type Dispatch = (event: ChatEvent) => void;

/** What somebody can do in the chat. */
export interface ChatActions {
  /**
   * Shows a conversation; a room is joined too, now or when the line is back.
   *
   * @throws {CodedError} TOO_MANY_ROOMS, or whatever else the server refuses it with
   */
  show(conversation: ConversationId): Promise<void>;
  /** Leaves a room. */
  leave(room: string): Promise<void>;
  /**
   * Says something.
   *
   * @throws {CodedError} with the server's reason when it was refused
   */
  say(conversation: ConversationId, text: string): Promise<void>;
  dismissAnnouncement(): void;
}

/** The actions of one client. */
export function chatActions(client: ChatClient, dispatch: Dispatch): ChatActions {
  const isConnected = () => client.connectionStatus.kind === 'connected';
  return {
    async show(conversation) {
      dispatch({ kind: 'shown', conversation });
      if (isRoom(conversation) && isConnected()) await enter(nameOf(conversation));
    },
    async leave(room) {
      dispatch({ kind: 'left', room });
      if (isConnected()) await client.chat.sendStreamMessage(create(LeaveRoom, { room }));
    },
    say: (conversation, text) => client.chat.sendStreamMessage(saying(conversation, text)),
    dismissAnnouncement: () => dispatch({ kind: 'announcement-read' }),
  };

  async function enter(room: string): Promise<void> {
    try {
      await client.chat.sendStreamMessage(create(JoinRoom, { room }));
    } catch (error) {
      if (!isConnected()) return;
      dispatch({ kind: 'left', room });
      throw error;
    }
  }
}

/** Joins rooms again; a new session is in none. */
export async function joinAll(client: ChatClient, rooms: readonly string[]): Promise<void> {
  try {
    for (const room of rooms) await client.chat.sendStreamMessage(create(JoinRoom, { room }));
  } catch {
    // The line went down again: the next opening joins them all.
  }
}

function saying(conversation: ConversationId, text: string): SayInRoom | SayToPerson {
  const name = nameOf(conversation);
  return isRoom(conversation)
    ? create(SayInRoom, { room: name, text })
    : create(SayToPerson, { recipient: name, text });
}
