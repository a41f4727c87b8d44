import { StreamMessage } from '@nestwire/protocol';
import { IsNotEmpty, IsString, Matches, MaxLength } from 'class-validator';
import { MAX_TEXT_LENGTH, ROOM_NAME } from './name-rules.js';

/** Asks to send a text to a room. */
@StreamMessage('chat.say-in-room')
export class SayInRoom {
  declare readonly $type: 'chat.say-in-room';
  @Matches(ROOM_NAME) room!: string;
  @IsString() @IsNotEmpty() @MaxLength(MAX_TEXT_LENGTH) text!: string;
}
