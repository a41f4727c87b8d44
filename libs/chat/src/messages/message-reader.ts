import { sql } from 'kysely';
import { attachmentsOf } from '../attachments/attachment-rows.js';
import { attachmentOf, type AttachmentRow, type ChatAttachment } from '../attachments/chat-attachment.js';
import type { FileUrls } from '../attachments/file-urls.js';
import type { Queries } from '../database/chat-database.js';
import { groupedBy } from '../database/grouped-by.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatProfiles } from '../users/chat-profiles.js';
import type { ChatProfile } from '../users/chat-users.js';
import { messageOf, type ChatMessage, type ChatReaction, type MessageRow } from './chat-message.js';

const SHOWN_USERS = 20;

/** A row of a message with its parts from other tables, without its author. */
export interface LoadedMessage {
  readonly row: MessageRow;
  readonly mentions: readonly string[];
  readonly reactions: readonly ChatReaction[];
  readonly attachments: readonly AttachmentRow[];
}

/** Completes rows of messages with mentions, reactions and authors. */
export class MessageReader {
  constructor(
    private readonly profiles: ChatProfiles,
    private readonly urls: FileUrls,
  ) {}

  /** Completes rows of one channel, in their order. */
  async complete(queries: Queries, rows: readonly MessageRow[]): Promise<ChatMessage[]> {
    return this.finish(await this.load(queries, rows));
  }

  /** Reads the parts of rows of one channel, in their order. */
  async load(queries: Queries, rows: readonly MessageRow[]): Promise<LoadedMessage[]> {
    const [first] = rows;
    if (!first) return [];
    const place = { tenant: first.tenant, channelId: first.channel_id, seqs: rows.map(({ seq }) => seq) };
    const mentions = await mentionsOf(queries, place);
    const reactions = await reactionsOf(queries, place);
    const withFiles = rows.filter(({ attachment_count }) => attachment_count > 0).map(({ seq }) => seq);
    const attachments = await attachmentsOf(queries, { ...place, seqs: withFiles });
    return rows.map((row) => ({
      row,
      mentions: mentions.get(row.seq) ?? [],
      reactions: reactions.get(row.seq) ?? [],
      attachments: attachments.get(row.seq) ?? [],
    }));
  }

  /** Makes the attachments of their rows. */
  attachments(rows: readonly AttachmentRow[]): ChatAttachment[] {
    return rows.map((row) => attachmentOf(row, this.urls));
  }

  /** Looks up the author of a message that an actor posts; null for the server without a user. */
  async authorOf({ tenant, userId: id }: ChatActor): Promise<ChatProfile | null> {
    return id === null ? null : this.profiles.one(tenant, id);
  }

  /** Adds the authors. The application looks them up, so it belongs outside of a transaction. */
  async finish(loaded: readonly LoadedMessage[]): Promise<ChatMessage[]> {
    const [first] = loaded;
    if (!first) return [];
    const profiles = await this.profiles.of(
      first.row.tenant,
      loaded.map(({ row }) => row.author_id),
    );
    return loaded.map(({ row, attachments, ...parts }) =>
      messageOf(row, { ...parts, attachments: this.attachments(attachments), profiles }),
    );
  }
}

interface Place {
  readonly tenant: string;
  readonly channelId: string;
  readonly seqs: readonly number[];
}

async function mentionsOf(
  queries: Queries,
  { tenant, channelId, seqs }: Place,
): Promise<Map<number, string[]>> {
  const rows = await queries
    .selectFrom('mentions as n')
    .select(['n.seq', 'n.user_id'])
    .where('n.tenant', '=', tenant)
    .where('n.channel_id', '=', channelId)
    .where('n.seq', 'in', seqs)
    .orderBy('n.seq')
    .orderBy('n.user_id')
    .execute();
  return groupedBy(
    rows,
    ({ seq }) => seq,
    ({ user_id }) => user_id,
  );
}

/** Counts all users of an emoji and reads the first of them, so that the result is bounded. */
async function reactionsOf(
  queries: Queries,
  { tenant, channelId, seqs }: Place,
): Promise<Map<number, ChatReaction[]>> {
  const numbered = queries
    .selectFrom('reactions as r')
    .select(['r.seq', 'r.emoji', 'r.user_id'])
    .select(sql<number>`count(*) OVER (PARTITION BY r.seq, r.emoji)`.as('user_count'))
    .select(sql<number>`row_number() OVER (PARTITION BY r.seq, r.emoji ORDER BY r.user_id)`.as('place'))
    .where('r.tenant', '=', tenant)
    .where('r.channel_id', '=', channelId)
    .where('r.seq', 'in', seqs);
  const rows = await queries
    .selectFrom(numbered.as('n'))
    .select(['n.seq', 'n.emoji', 'n.user_id', 'n.user_count'])
    .where('n.place', '<=', SHOWN_USERS)
    .orderBy('n.seq')
    .orderBy('n.emoji')
    .orderBy('n.user_id')
    .execute();
  const found = new Map<number, { emoji: string; count: number; userIds: string[] }[]>();
  for (const { seq, emoji, user_id, user_count } of rows) {
    const reactions = found.get(seq) ?? [];
    found.set(seq, reactions);
    if (reactions.at(-1)?.emoji !== emoji) reactions.push({ emoji, count: Number(user_count), userIds: [] });
    reactions.at(-1)!.userIds.push(user_id);
  }
  return found;
}
