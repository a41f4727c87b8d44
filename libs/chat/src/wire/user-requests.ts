import { StreamMessage } from '@nestwire/protocol';
import { IsBoolean, IsString, MaxLength } from './field-rules.js';
import { MAX_USER_ID } from './request-limits.js';

/** Blocks a user, or ends the block. */
@StreamMessage('nestwire-chat.set-block')
export class ChatSetBlock {
  declare readonly $type: 'nestwire-chat.set-block';
  @IsString() @MaxLength(MAX_USER_ID) userId!: string;
  @IsBoolean() isBlocked!: boolean;
}

/** Asks for the users whose name matches a text. */
@StreamMessage('nestwire-chat.find-users')
export class ChatFindUsers {
  declare readonly $type: 'nestwire-chat.find-users';
  @IsString() @MaxLength(100) text!: string;
}
