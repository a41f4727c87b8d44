import { numberOptions } from './number-options.js';

/** The limits of the chat. */
export interface ChatLimits {
  /**
   * The longest text of a message, in UTF-16 units.
   *
   * @default 4_000
   */
  readonly maxTextLength?: number;
  /**
   * The largest `data` of a message or a channel, in bytes of JSON.
   *
   * @default 8_192
   */
  readonly maxMessageDataBytes?: number;
  /**
   * The most users that a message mentions.
   *
   * @default 50
   */
  readonly maxMentions?: number;
  /**
   * The most marked ranges of a text.
   *
   * @default 100
   */
  readonly maxEntities?: number;
  /**
   * The most different emojis on a message.
   *
   * @default 20
   */
  readonly maxEmojis?: number;
  /**
   * The most messages that are pinned in a channel.
   *
   * @default 100
   */
  readonly maxPins?: number;
  /**
   * The most messages, channels or members in a page.
   *
   * @default 100
   */
  readonly maxPageSize?: number;
  /**
   * The most channels whose changes one device gets for its list, the last active first.
   *
   * @default 200
   */
  readonly maxWatchedChannels?: number;
  /**
   * The time between two looks for activity in channels beyond `maxWatchedChannels`, in milliseconds.
   *
   * @default 10_000
   */
  readonly listRefreshMs?: number;
  /**
   * The most changes of a user within `rateWindowMs`, in the process or in the cluster.
   *
   * Posts, edits, reactions, reports and names of guests are changes.
   *
   * @default 60
   */
  readonly changesPerWindow?: number;
  /**
   * The window of `changesPerWindow`, in milliseconds.
   *
   * @default 60_000
   */
  readonly rateWindowMs?: number;
}

/** The defaults of the limits. */
export const DEFAULT_CHAT_LIMITS: Required<ChatLimits> = {
  maxTextLength: 4_000,
  maxMessageDataBytes: 8_192,
  maxMentions: 50,
  maxEntities: 100,
  maxEmojis: 20,
  maxPins: 100,
  maxPageSize: 100,
  maxWatchedChannels: 200,
  listRefreshMs: 10_000,
  changesPerWindow: 60,
  rateWindowMs: 60_000,
};

/** The highest count of unread messages; more are reported as this number. */
export const MAX_UNREAD = 1_000;

/**
 * Returns all limits, with the defaults of those that are not given.
 *
 * @throws {ChatError} CHAT_CONFIGURATION when a limit does not exist or is no whole number from 1 on
 */
export function chatLimits(given: ChatLimits = {}): Required<ChatLimits> {
  return numberOptions('limits', given, DEFAULT_CHAT_LIMITS);
}
