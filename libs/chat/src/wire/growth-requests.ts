import { StreamMessage } from '@nestwire/protocol';
import { IsInt, Min } from './field-rules.js';

/** Stops a growing message; its text so far remains. */
@StreamMessage('nestwire-chat.stop-growth')
export class ChatStopGrowth {
  declare readonly $type: 'nestwire-chat.stop-growth';
  @IsInt() @Min(1) seq!: number;
}
