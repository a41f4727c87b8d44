import type { Selectable } from 'kysely';
import type { ChatAttachment } from '../attachments/chat-attachment.js';
import type { MessagesTable } from '../database/chat-tables.js';
import type { ChatEntity } from '../text/chat-entity.js';
import type { ChatProfile } from '../users/chat-users.js';

/** The users who reacted to a message with one emoji. */
export interface ChatReaction {
  readonly emoji: string;
  readonly count: number;
  /** The first users, at most 20, in the order of their ids. */
  readonly userIds: readonly string[];
}

/** The state of a message that grows while it is produced. */
export interface MessageGrowth {
  /** True while more text may follow. */
  readonly isGrowing: boolean;
  /** True when it was stopped before its end. */
  readonly isStopped: boolean;
  /** True when its source or its server failed before its end. */
  readonly isFailed: boolean;
}

/** The states of a growing message in the database. */
export type GrowthState = 'growing' | 'ended' | 'stopped' | 'failed';

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
  /** The marked ranges of the text, by their beginning, the containing one first. */
  readonly entities: readonly ChatEntity[];
  /** The state of a growing message; null for one that was posted as a whole. */
  readonly growth: MessageGrowth | null;
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
  /** The files, in the order of the post. */
  readonly attachments: readonly ChatAttachment[];
}

/** The row of a message. */
export type MessageRow = Selectable<MessagesTable>;

/** The parts of a message that other tables have. */
export interface MessageParts {
  readonly profiles: ReadonlyMap<string, ChatProfile>;
  readonly mentions: readonly string[];
  readonly reactions: readonly ChatReaction[];
  readonly attachments: readonly ChatAttachment[];
}

/** Makes the message of a row. An unknown author has the id as name. */
export function messageOf(row: MessageRow, parts: MessageParts): ChatMessage {
  const { author_id: id } = row;
  const { profiles, mentions, reactions, attachments } = parts;
  return {
    channelId: row.channel_id,
    seq: row.seq,
    revision: row.revision,
    kind: row.kind as ChatMessage['kind'],
    author: id === null ? null : (profiles.get(id) ?? { id, name: id }),
    clientId: row.client_id,
    text: row.text,
    entities: entitiesOf(row),
    growth: growthOf(row),
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
    attachments,
  };
}

/** Reads the entities of the row of a message or a version. */
export function entitiesOf({ entities }: Pick<MessageRow, 'entities'>): readonly ChatEntity[] {
  return entities === null ? [] : (JSON.parse(entities) as ChatEntity[]);
}

function growthOf({ growth }: MessageRow): MessageGrowth | null {
  if (growth === null) return null;
  return { isGrowing: growth === 'growing', isStopped: growth === 'stopped', isFailed: growth === 'failed' };
}
