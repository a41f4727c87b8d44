import { StreamMessage } from '@nestwire/protocol';

/** Stops a growing message; its text so far remains. */
@StreamMessage('nestwire-chat.stop-growth')
export class ChatStopGrowth {
  declare readonly $type: 'nestwire-chat.stop-growth';
  declare seq: number;
}
