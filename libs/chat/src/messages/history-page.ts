import type { ChatChannel, ChatMembership } from '../channels/chat-channel.js';
import type { ChatMessage } from './chat-message.js';

/** The wanted part of a history; at most one of `before`, `after` and `around`. */
export interface HistoryPageRequest {
  readonly channelId: string;
  /** Messages with lower numbers; without a bound, the newest messages. */
  readonly before?: number;
  /** Messages with higher numbers. */
  readonly after?: number;
  /** Messages on both sides of this number, and the message itself. */
  readonly around?: number;
  /** The thread that this message began; without it, the messages outside of threads. */
  readonly threadSeq?: number;
  /** @default 25 */
  readonly limit?: number;
}

/** A part of a history, from the oldest to the newest message. */
export interface HistoryPage {
  readonly channel: ChatChannel;
  /** The membership of the actor; null outside of the channel. */
  readonly membership: ChatMembership | null;
  readonly messages: readonly ChatMessage[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  /** The page has all changes up to this number; `changesSince` continues from it. */
  readonly revision: number;
}

/** The messages that changed after a revision, in the order of their changes. */
export interface ChangesPage {
  readonly messages: readonly ChatMessage[];
  /** The revision for the next call. */
  readonly revision: number;
  /** True when more changes follow. */
  readonly hasMore: boolean;
  /** True when changes in between are kept no longer: read the newest page. Stored messages have all changes. */
  readonly isCut: boolean;
}
