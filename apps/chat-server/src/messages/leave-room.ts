import { StreamMessage } from '@nestwire/protocol';
import { Matches } from 'class-validator';
import { ROOM_NAME } from './name-rules.js';

/** Asks to hear a room no longer. */
@StreamMessage('chat.leave-room')
export class LeaveRoom {
  declare readonly $type: 'chat.leave-room';
  @Matches(ROOM_NAME) room!: string;
}
