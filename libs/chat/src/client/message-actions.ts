import { create } from '@nestwire/protocol';
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

  readonly edit = async (seq: number, changes: ChatMessageEdit): Promise<void> => {
    const request = create(ChatEdit, { seq, clientId: randomId(), ...changes } as ChatEdit);
    this.live.amend((await this.live.calls.edit(request)).message);
  };

  readonly remove = async (seq: number): Promise<void> =>
    this.live.amend((await this.live.calls.remove(create(ChatDelete, { seq }))).message);

  readonly react = async (seq: number, emoji: string, isSet: boolean): Promise<void> =>
    this.live.amend((await this.live.calls.react(create(ChatReact, { seq, emoji, isSet }))).message);

  readonly pin = async (seq: number, isPinned: boolean): Promise<void> =>
    this.live.amend((await this.live.calls.pin(create(ChatPin, { seq, isPinned }))).message);

  readonly stopGrowth = async (seq: number): Promise<void> =>
    this.live.calls.stopGrowth(create(ChatStopGrowth, { seq }));
}
