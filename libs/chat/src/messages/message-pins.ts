import { exceeded } from '../limits/checks.js';
import type { ChatChangeOptions } from '../outbox/chat-work.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatMessage } from './chat-message.js';
import type { MessageChanger, MessagePlace } from './message-change.js';
import { selectMessages } from './message-rows.js';

/** Pins and unpins messages. */
export class MessagePins {
  constructor(
    private readonly changer: MessageChanger,
    private readonly maxPins: number,
  ) {}

  /** Pins a message; a pinned one remains as it is. */
  pin(actor: ChatActor, place: MessagePlace, options?: ChatChangeOptions): Promise<ChatMessage> {
    return this.changer.run(
      { actor, place, action: 'message.pin', kind: 'message.pinned' },
      async (queries, row) => {
        if (row.pinned_at !== null) return undefined;
        const pinned = await selectMessages(queries, row)
          .clearSelect()
          .select('m.seq')
          .where('m.pinned_at', 'is not', null)
          .limit(this.maxPins)
          .execute();
        if (pinned.length >= this.maxPins)
          throw exceeded(`A channel has at most ${this.maxPins} pinned messages`);
        return { pinned_at: Date.now(), pinned_by: actor.userId };
      },
      options,
    );
  }

  /** Unpins a message; another one remains as it is. */
  unpin(actor: ChatActor, place: MessagePlace, options?: ChatChangeOptions): Promise<ChatMessage> {
    return this.changer.run(
      { actor, place, action: 'message.pin', kind: 'message.pinned', state: 'any' },
      async (_queries, row) => (row.pinned_at === null ? undefined : { pinned_at: null, pinned_by: null }),
      options,
    );
  }
}
