import { create } from '@nestwire/protocol';
import { JoinRoom, LeaveRoom, SayInRoom, SayToPerson } from 'chat-server/messages';
import type { ChatClient } from './chat-client.js';
import type { ChatEvent } from './chat-state.js';
import { isRoom, nameOf, type ConversationId } from './conversation.js';

/** Applies an event to the state of the page. */
export type Dispatch = (event: ChatEvent) => void;

/** The actions of a user. */
export interface ChatActions {
  /**
   * Shows a conversation, and joins its room now or after a reconnect.
   *
   * @throws {CodedError} TOO_MANY_ROOMS or another refusal of the server
   */
  show(conversation: ConversationId): Promise<void>;
  /** Leaves a room. */
  leave(room: string): Promise<void>;
  /**
   * Sends a text to a conversation.
   *
   * @throws {CodedError} the refusal of the server
   */
  say(conversation: ConversationId, text: string): Promise<void>;
  dismissAnnouncement(): void;
}

/** Returns the actions of one client. */
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

/** Joins all rooms again, because a new session is in none. */
export async function joinAll(client: ChatClient, rooms: readonly string[]): Promise<void> {
  try {
    for (const room of rooms) await client.chat.sendStreamMessage(create(JoinRoom, { room }));
  } catch {
    // The connection was lost again; the next session joins all rooms.
  }
}

function saying(conversation: ConversationId, text: string): SayInRoom | SayToPerson {
  const name = nameOf(conversation);
  return isRoom(conversation)
    ? create(SayInRoom, { room: name, text })
    : create(SayToPerson, { recipient: name, text });
}
