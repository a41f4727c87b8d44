import { defineChannel } from '@nestwire/messages';
import { Announcement, PrivateMessage, RoomMessage, WhoIsWhere } from '../messages/index.js';

/** What is said in a room; `room('lobby')` is the channel of one. */
export const room = defineChannel('room', { messages: [RoomMessage] });

/** What everybody hears. */
export const everybody = defineChannel('everybody', { messages: [Announcement, WhoIsWhere] });

/** What one person hears; a channel for every name. */
export const user = (name: string) => `user_${name}`;

/** All that a chat session sends to its client. */
export type Outbound = RoomMessage | PrivateMessage | Announcement | WhoIsWhere;
