import { StreamMessage } from '@nestwire/protocol';
import { IsString } from 'class-validator';

/** The messages of the recipe for typing signs, for a program with the types of a browser alone. */
@StreamMessage('typing.key')
export class KeyPressed {
  declare readonly $type: 'typing.key';
}

@StreamMessage('typing.is-typing')
export class IsTyping {
  declare readonly $type: 'typing.is-typing';
  @IsString() userId!: string;
  @IsString() name!: string;
}
