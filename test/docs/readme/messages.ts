// #region messages
import { StreamMessage } from '@nestwire/protocol';
import { IsString, MaxLength } from 'class-validator';

@StreamMessage('greeter.greet')
export class Greet {
  declare readonly $type: 'greeter.greet';
  @IsString() @MaxLength(64) name!: string;
}

@StreamMessage('greeter.greeting')
export class Greeting {
  declare readonly $type: 'greeter.greeting';
  @IsString() text!: string;
}
// #endregion messages
