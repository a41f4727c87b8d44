import { StreamMessage } from '@nestwire/protocol';
import { IsNotEmpty, IsString, Matches, MaxLength } from 'class-validator';
import { MAX_TEXT_LENGTH, PERSON_NAME } from './name-rules.js';

/** Asks to send a text to one person. */
@StreamMessage('chat.say-to-person')
export class SayToPerson {
  declare readonly $type: 'chat.say-to-person';
  @Matches(PERSON_NAME) recipient!: string;
  @IsString() @IsNotEmpty() @MaxLength(MAX_TEXT_LENGTH) text!: string;
}
