import { StreamMessage } from '@nestwire/protocol';
import type { ChatChannel } from '../channels/chat-channel.js';
import type { LastMessage } from '../channels/channel-entry.js';
import type { ChatChangeKind } from '../outbox/outbox.js';

/**
 * Reports a change in a channel of the list.
 *
 * The devices that have loaded the list receive it. `channel` and `lastMessage` are the present state; the other properties are those of the change.
 */
@StreamMessage('nestwire-chat.activity')
export class ChatActivity {
  declare readonly $type: 'nestwire-chat.activity';
  declare channelId: string;
  declare channel: ChatChannel;
  /** The last message outside of threads; null without one. */
  declare lastMessage: LastMessage | null;
  declare kind: ChatChangeKind;
  /** The number of the message that changed; null for a change of the channel. */
  declare seq: number | null;
  /** The revision of the message that changed, or of the channel. */
  declare revision: number;
  declare authorId: string | null;
  /** The thread of the message that changed; null outside of threads. */
  declare threadSeq: number | null;
  /** True when the message mentions the user. */
  declare isMention: boolean;
}

/** Reports that changes of the list may be missing: load the first page again. */
@StreamMessage('nestwire-chat.list-stale')
export class ChatListStale {
  declare readonly $type: 'nestwire-chat.list-stale';
}
