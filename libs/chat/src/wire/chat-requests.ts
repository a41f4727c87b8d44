import { StreamMessage } from '@nestwire/protocol';
import type { ChatEntity } from '../text/chat-entity.js';

/** The parameters of the stream of a channel. */
export class ChatChannelParams {
  declare channelId: string;
}

/** Asks for a page of the history: at most one of `before`, `after` and `around`. */
@StreamMessage('nestwire-chat.load-page')
export class ChatLoadPage {
  declare readonly $type: 'nestwire-chat.load-page';
  declare before?: number;
  declare after?: number;
  declare around?: number;
  /** The thread that this message began; without it, the messages outside of threads. */
  declare threadSeq?: number;
  declare limit?: number;
}

/** Asks for everything that changed after a revision. */
@StreamMessage('nestwire-chat.load-changes')
export class ChatLoadChanges {
  declare readonly $type: 'nestwire-chat.load-changes';
  declare revision: number;
  declare limit?: number;
}

/** Posts a message. The client id makes it safe to send again. */
@StreamMessage('nestwire-chat.post')
export class ChatPost {
  declare readonly $type: 'nestwire-chat.post';
  declare clientId: string;
  declare text: string;
  /** The marked ranges of the text; the service checks them. */
  declare entities?: ChatEntity[];
  declare data?: unknown;
  declare mentions?: string[];
  /** The complete own uploads in this channel. */
  declare attachmentIds?: string[];
  declare replyTo?: number;
  declare threadSeq?: number;
}

/** Replaces the content of an own message; properties that are left out remain. */
@StreamMessage('nestwire-chat.edit')
export class ChatEdit {
  declare readonly $type: 'nestwire-chat.edit';
  declare seq: number;
  /** Makes it safe to send the edit again. */
  declare clientId?: string;
  declare text?: string;
  /** The marked ranges; a new text without them has none. */
  declare entities?: ChatEntity[];
  declare data?: unknown;
  declare mentions?: string[];
}

/** Deletes a message. */
@StreamMessage('nestwire-chat.delete')
export class ChatDelete {
  declare readonly $type: 'nestwire-chat.delete';
  declare seq: number;
}

/** Adds or removes an own reaction. */
@StreamMessage('nestwire-chat.react')
export class ChatReact {
  declare readonly $type: 'nestwire-chat.react';
  declare seq: number;
  declare emoji: string;
  declare isSet: boolean;
}

/** Pins or unpins a message. */
@StreamMessage('nestwire-chat.pin')
export class ChatPin {
  declare readonly $type: 'nestwire-chat.pin';
  declare seq: number;
  declare isPinned: boolean;
}

/** Moves the own read pointer forward, in the channel or in a thread of it. */
@StreamMessage('nestwire-chat.mark-read')
export class ChatMarkRead {
  declare readonly $type: 'nestwire-chat.mark-read';
  declare seq: number;
  declare threadSeq?: number;
}

/** Tells the other readers that the user types, or no longer does. */
@StreamMessage('nestwire-chat.typing')
export class ChatTyping {
  declare readonly $type: 'nestwire-chat.typing';
  declare isTyping: boolean;
}

/** Joins the presence of the channel, and asks for its members. */
@StreamMessage('nestwire-chat.watch-presence')
export class ChatWatchPresence {
  declare readonly $type: 'nestwire-chat.watch-presence';
}

/** Searches in the channels of the user. */
@StreamMessage('nestwire-chat.search')
export class ChatFind {
  declare readonly $type: 'nestwire-chat.search';
  declare text: string;
  declare channelId?: string;
  declare cursor?: string;
  declare limit?: number;
}
