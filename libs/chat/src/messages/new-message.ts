import type { ChatEntity } from '../text/chat-entity.js';

/** A message to post. */
export interface NewMessage {
  readonly channelId: string;
  readonly text: string;
  /** The marked ranges of the text. `parseText` makes them of typed marks. */
  readonly entities?: readonly ChatEntity[];
  readonly data?: unknown;
  /**
   * The id that the author's client gave to the message: 1 to 64 characters of A-Z a-z 0-9 _ . -
   *
   * A repetition with the same id stores nothing and returns the first message.
   */
  readonly clientId?: string;
  /** The complete uploads of the author in this channel; the text may then be empty. */
  readonly attachmentIds?: readonly string[];
  /** The users to mention; those who are no members are left out. */
  readonly mentions?: readonly string[];
  /** The number of the message that this one answers. */
  readonly replyTo?: number;
  /** The number of the message that begins the thread of this one. */
  readonly threadSeq?: number;
  /**
   * The time of a message that the server imports, in milliseconds since 1970. Post in the order of time.
   *
   * @default now
   */
  readonly createdAt?: number;
}
