import { defineChannel } from '@nestwire/messages';
import type { StreamSession } from '@nestwire/streams';
import type { ChatUser } from '../auth/chat-user.js';
import { Announcement, PrivateMessage, RoomMessage, WhoIsWhere } from '../messages/index.js';

const rooms = defineChannel('room', { messages: [RoomMessage] });

/** What is said in a room; channels are named in ASCII, rooms are not. */
export const room = (name: string) => rooms(encodeURIComponent(name));

/** What everybody hears. */
export const everybody = defineChannel('everybody', { messages: [Announcement, WhoIsWhere] });

/** What one person hears; a channel for every name. */
export const user = (name: string) => `user_${encodeURIComponent(name)}`;

/** All that a chat session sends to its client. */
export type Outbound = RoomMessage | PrivateMessage | Announcement | WhoIsWhere;

/** The chat's stream on one connection. */
export type ChatSession = StreamSession<Outbound, ChatUser>;
