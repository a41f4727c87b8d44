import type { Queries } from '../database/chat-database.js';

/** The kinds of changes that the chat publishes. */
export type ChatChangeKind =
  | 'message.posted'
  | 'message.edited'
  | 'message.deleted'
  | 'message.reacted'
  | 'message.pinned'
  | 'message.replied'
  | 'message.grown'
  | 'channel.created'
  | 'channel.changed'
  | 'member.changed'
  | 'member.removed'
  | 'read.moved'
  | 'thread.read'
  | 'message.reported'
  | 'user.reported';

/** A change to publish. The relay reads the present state when it publishes. */
export interface OutboxEntry {
  readonly tenant: string;
  readonly kind: ChatChangeKind;
  readonly channelId: string;
  readonly seq?: number;
  readonly userId?: string;
}

/**
 * Stores changes to publish, in the transaction that makes them.
 *
 * So none is lost, and none is published that was not stored.
 */
export async function storeInOutbox(queries: Queries, entries: readonly OutboxEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map(({ tenant, kind, channelId, seq, userId }) => ({
    tenant,
    kind,
    channel_id: channelId,
    seq: seq ?? null,
    user_id: userId ?? null,
    created_at: Date.now(),
  }));
  await queries.insertInto('outbox').values(rows).execute();
}
