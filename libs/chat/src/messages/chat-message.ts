import type { Selectable } from 'kysely';
import type { MessagesTable } from '../database/chat-tables.js';
import type { ChatProfile } from '../users/chat-users.js';

/** The users who reacted to a message with one emoji. */
export interface ChatReaction {
  readonly emoji: string;
  readonly count: number;
  /** The first users, at most 20, in the order of their ids. */
  readonly userIds: readonly string[];
}

/** A message, as the readers of its channel see it. Times are in milliseconds. */
export interface ChatMessage {
  readonly channelId: string;
  /** The number of the message in its channel; counts from 1. */
  readonly seq: number;
  /** The number of its last change in the channel; of two states, the higher one is newer. */
  readonly revision: number;
  readonly kind: 'user' | 'system';
  /** The author; null for the system and for users that were erased. */
  readonly author: ChatProfile | null;
  readonly clientId: string | null;
  /** The text; null when the message is deleted. It is plain text, never HTML. */
  readonly text: string | null;
  /** The data of the application; null without it. */
  readonly data: unknown;
  /** The number of the message that this one answers. */
  readonly replyTo: number | null;
  /** The number of the message that began the thread; null outside of threads. */
  readonly threadSeq: number | null;
  readonly replyCount: number;
  readonly lastReplyAt: number | null;
  readonly createdAt: number;
  readonly editedAt: number | null;
  readonly version: number;
  readonly deletedAt: number | null;
  readonly pinnedAt: number | null;
  readonly mentions: readonly string[];
  readonly reactions: readonly ChatReaction[];
}

/** The row of a message. */
export type MessageRow = Selectable<MessagesTable>;

/** The parts of a message that other tables have. */
export interface MessageParts {
  readonly profiles: ReadonlyMap<string, ChatProfile>;
  readonly mentions: readonly string[];
  readonly reactions: readonly ChatReaction[];
}

/** Makes the message of a row. An unknown author has the id as name. */
export function messageOf(row: MessageRow, { profiles, mentions, reactions }: MessageParts): ChatMessage {
  const { author_id: id } = row;
  return {
    channelId: row.channel_id,
    seq: row.seq,
    revision: row.revision,
    kind: row.kind as ChatMessage['kind'],
    author: id === null ? null : (profiles.get(id) ?? { id, name: id }),
    clientId: row.client_id,
    text: row.text,
    data: row.data === null ? null : (JSON.parse(row.data) as unknown),
    replyTo: row.reply_to,
    threadSeq: row.thread_seq,
    replyCount: row.reply_count,
    lastReplyAt: row.last_reply_at,
    createdAt: row.created_at,
    editedAt: row.edited_at,
    version: row.version,
    deletedAt: row.deleted_at,
    pinnedAt: row.pinned_at,
    mentions,
    reactions,
  };
}
