// The messages of docs/stream-tokens.md.
// #region messages
import { StreamMessage } from '@nestwire/protocol';
import { IsString, MaxLength } from 'class-validator';

@StreamMessage('ai.prompt')
export class Prompt {
  declare readonly $type: 'ai.prompt';
  @IsString() @MaxLength(2_000) text!: string;
}

@StreamMessage('ai.token')
export class Token {
  declare readonly $type: 'ai.token';
  @IsString() text!: string;
}
// #endregion messages
