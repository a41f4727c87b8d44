import { StreamMessage } from '@nestwire/protocol';

/**
 * Brings further text of a growing message.
 *
 * It is not stored; `applyGrowth` merges it. It has all text after the part that the database has, so it repeats pieces of former ones.
 */
@StreamMessage('nestwire-chat.growth')
export class ChatGrowth {
  declare readonly $type: 'nestwire-chat.growth';
  declare channelId: string;
  declare seq: number;
  /** The place of the text in the whole text, in UTF-16 units. */
  declare offset: number;
  declare text: string;
}
