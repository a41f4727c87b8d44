import { defineChannel } from '@nestwire/messages';
import type { StreamSession } from '@nestwire/streams';
import type { ChatUser } from '../auth/chat-user.js';
import { Announcement, PrivateMessage, RoomMessage, WhoIsWhere } from '../messages/index.js';

const rooms = defineChannel('room', { messages: [RoomMessage] });

/** Returns the channel of a room; channel names are ASCII, room names are not. */
export const room = (name: string) => rooms(encodeURIComponent(name));

/** The channel for all users. */
export const everybody = defineChannel('everybody', { messages: [Announcement, WhoIsWhere] });

/** Returns the channel of one user, by name. */
export const user = (name: string) => `user_${encodeURIComponent(name)}`;

/** The messages from a chat session to its client. */
export type Outbound = RoomMessage | PrivateMessage | Announcement | WhoIsWhere;

/** The chat's session on one connection. */
export type ChatSession = StreamSession<Outbound, ChatUser>;
