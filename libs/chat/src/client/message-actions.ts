import { create } from '@nestwire/protocol';
import type { ChatStored } from '../wire/chat-replies.js';
import { ChatDelete, ChatEdit, ChatPin, ChatReact } from '../wire/chat-requests.js';
import { ChatStopGrowth } from '../wire/growth-requests.js';
import type { ChatContext } from './chat-context.js';
import type { ChatMessageEdit, ChatRoomView, ChatTimeline } from './chat-face.js';
import type { LiveChannel } from './live-channel.js';
import { randomId } from './random-id.js';
import { ViewStore } from './view-store.js';

/** The changes of stored messages. */
export abstract class MessageActions
  extends ViewStore<ChatRoomView>
  implements Pick<ChatTimeline, 'edit' | 'remove' | 'react' | 'pin' | 'stopGrowth'>
{
  constructor(
    context: ChatContext,
    protected readonly live: LiveChannel,
  ) {
    super(context);
  }

  readonly edit = (seq: number, changes: ChatMessageEdit): Promise<void> =>
    this.#amend(
      this.live.calls.edit(create(ChatEdit, { seq, clientId: randomId(), ...changes } as ChatEdit)),
    );

  readonly remove = (seq: number): Promise<void> =>
    this.#amend(this.live.calls.remove(create(ChatDelete, { seq })));

  readonly react = (seq: number, emoji: string, isSet: boolean): Promise<void> =>
    this.#amend(this.live.calls.react(create(ChatReact, { seq, emoji, isSet })));

  readonly pin = (seq: number, isPinned: boolean): Promise<void> =>
    this.#amend(this.live.calls.pin(create(ChatPin, { seq, isPinned })));

  readonly stopGrowth = async (seq: number): Promise<void> =>
    this.live.calls.stopGrowth(create(ChatStopGrowth, { seq }));

  async #amend(answer: PromiseLike<ChatStored>): Promise<void> {
    this.live.amend((await answer).message);
  }
}
