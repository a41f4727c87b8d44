import { StreamMessage } from '@nestwire/protocol';
import { Matches } from 'class-validator';
import { ROOM_NAME } from './name-rules.js';

/** Asks to leave a room. */
@StreamMessage('chat.leave-room')
export class LeaveRoom {
  declare readonly $type: 'chat.leave-room';
  @Matches(ROOM_NAME) room!: string;
}
