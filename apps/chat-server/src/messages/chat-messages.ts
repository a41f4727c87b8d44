import { Announcement } from './announcement.js';
import { JoinRoom } from './join-room.js';
import { LeaveRoom } from './leave-room.js';
import { PrivateMessage } from './private-message.js';
import { RoomMessage } from './room-message.js';
import { SayInRoom } from './say-in-room.js';
import { SayToPerson } from './say-to-person.js';
import { WhoIsWhere } from './who-is-where.js';

/** The message classes of the chat, for clients. */
export const CHAT_MESSAGES = [
  Announcement,
  JoinRoom,
  LeaveRoom,
  PrivateMessage,
  RoomMessage,
  SayInRoom,
  SayToPerson,
  WhoIsWhere,
] as const;
