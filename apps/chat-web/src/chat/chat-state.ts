import type { Announcement, PrivateMessage, RoomMessage, WhoIsWhere } from 'chat-server/messages';
import {
  isRoom,
  nameOf,
  personConversation,
  roomConversation,
  type Conversation,
  type ConversationId,
} from './conversation.js';

/** The messages of the chat stream. */
export type Received = RoomMessage | PrivateMessage | Announcement | WhoIsWhere;

/** The state of the page. */
export interface ChatState {
  /** The picked name. */
  readonly me: string;
  /** The conversation on screen. */
  readonly current: ConversationId;
  /** The rooms that this tab is in. */
  readonly joined: readonly string[];
  /** All people and their rooms. */
  readonly people: ReadonlyMap<string, readonly string[]>;
  readonly conversations: ReadonlyMap<ConversationId, Conversation>;
  readonly announcement: Announcement | null;
  readonly nextKey: number;
}

/** The events of the page. */
export type ChatEvent =
  | { readonly kind: 'received'; readonly message: Received }
  | { readonly kind: 'shown'; readonly conversation: ConversationId }
  | { readonly kind: 'left'; readonly room: string }
  | { readonly kind: 'announcement-read' };

/** The room that a new user joins. */
export const FIRST_ROOM = 'lobby';

const MAX_ENTRIES = 500;
const EMPTY: Conversation = { entries: [], unread: 0 };

/** Returns the state of a new user. */
export function startingState(me: string): ChatState {
  return {
    me,
    current: roomConversation(FIRST_ROOM),
    joined: [FIRST_ROOM],
    people: new Map(),
    conversations: new Map(),
    announcement: null,
    nextKey: 1,
  };
}

/** Returns the state after an event. */
export function chatReducer(state: ChatState, event: ChatEvent): ChatState {
  switch (event.kind) {
    case 'received':
      return receive(state, event.message);
    case 'shown':
      return show(state, event.conversation);
    case 'left':
      return leave(state, event.room);
    case 'announcement-read':
      return { ...state, announcement: null };
  }
}

/** Returns the rooms to show: first those of this tab, then those of others. */
export function roomsOf({ joined, people }: ChatState): readonly string[] {
  const others = new Set([...people.values()].flat());
  for (const name of joined) others.delete(name);
  return [...joined, ...[...others].sort()];
}

/** Returns the sorted names of the people in a room. */
export function membersOf({ people }: ChatState, room: string): readonly string[] {
  return [...people]
    .filter(([, rooms]) => rooms.includes(room))
    .map(([name]) => name)
    .sort();
}

/** Returns the people to show: those who are connected, and those with a conversation. */
export function peopleOf({ me, people, conversations }: ChatState): readonly string[] {
  const known = [...conversations.keys()].filter((id) => !isRoom(id)).map(nameOf);
  const names = new Set([...people.keys(), ...known]);
  names.delete(me);
  return [...names].sort();
}

/** Returns a conversation; an empty one if there is none. */
export function conversationOf(state: ChatState, id: ConversationId): Conversation {
  return state.conversations.get(id) ?? EMPTY;
}

function receive(state: ChatState, message: Received): ChatState {
  switch (message.$type) {
    case 'chat.room-message':
      return addEntry(state, roomConversation(message.room), message);
    case 'chat.private-message':
      return addEntry(state, personConversation(partnerOf(state, message)), message);
    case 'chat.announcement':
      return { ...state, announcement: message };
    case 'chat.who-is-where':
      return { ...state, people: message.people };
    default:
      return message satisfies never;
  }
}

function partnerOf({ me }: ChatState, { author, recipient }: PrivateMessage): string {
  return author === me ? recipient : author;
}

function addEntry(state: ChatState, id: ConversationId, message: RoomMessage | PrivateMessage): ChatState {
  const { author, text, sentAt } = message;
  const before = conversationOf(state, id);
  const entries = [...before.entries, { key: state.nextKey, author, text, sentAt }].slice(-MAX_ENTRIES);
  const isSeen = id === state.current || author === state.me;
  const unread = isSeen ? before.unread : before.unread + 1;
  const conversations = new Map(state.conversations).set(id, { entries, unread });
  return { ...state, conversations, nextKey: state.nextKey + 1 };
}

function show(state: ChatState, id: ConversationId): ChatState {
  const conversations = new Map(state.conversations).set(id, { ...conversationOf(state, id), unread: 0 });
  const isNewRoom = isRoom(id) && !state.joined.includes(nameOf(id));
  const joined = isNewRoom ? [...state.joined, nameOf(id)] : state.joined;
  return { ...state, current: id, conversations, joined };
}

function leave(state: ChatState, room: string): ChatState {
  const joined = state.joined.filter((name) => name !== room);
  const conversations = new Map(state.conversations);
  conversations.delete(roomConversation(room));
  const isShown = state.current === roomConversation(room);
  const current = isShown ? roomConversation(joined[0] ?? FIRST_ROOM) : state.current;
  return { ...state, joined, conversations, current };
}
