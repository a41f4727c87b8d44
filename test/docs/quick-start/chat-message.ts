// #region message
import { StreamMessage } from '@nestwire/protocol';
import { IsDate, IsString, MaxLength } from 'class-validator';

@StreamMessage('chat.message')
export class ChatMessage {
  declare readonly $type: 'chat.message';
  @IsString() @MaxLength(64) author!: string;
  @IsString() @MaxLength(2_000) text!: string;
  @IsDate() sentAt: Date = new Date();
}
// #endregion message
