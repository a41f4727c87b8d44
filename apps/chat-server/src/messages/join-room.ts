import { StreamMessage } from '@nestwire/protocol';
import { Matches } from 'class-validator';
import { ROOM_NAME } from './name-rules.js';

/** Asks to join a room; a room exists while somebody is in it. */
@StreamMessage('chat.join-room')
export class JoinRoom {
  declare readonly $type: 'chat.join-room';
  @Matches(ROOM_NAME) room!: string;
}
