export { Announcement } from './announcement.js';
export { JoinRoom } from './join-room.js';
export { LeaveRoom } from './leave-room.js';
export { MAX_NAME_LENGTH, MAX_TEXT_LENGTH, PERSON_NAME, ROOM_NAME } from './name-rules.js';
export { PrivateMessage } from './private-message.js';
export { RoomMessage } from './room-message.js';
export { SayInRoom } from './say-in-room.js';
export { SayToPerson } from './say-to-person.js';
export { WhoIsWhere } from './who-is-where.js';
