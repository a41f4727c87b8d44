import { nextRevision } from '../channels/channel-rows.js';
import type { Queries } from '../database/chat-database.js';
import { storeInOutbox } from '../outbox/outbox.js';
import { publishMessage } from './message-change.js';
import type { MessageRow } from './chat-message.js';
import { updateMessage } from './message-rows.js';

/**
 * Counts a reply on the message that began its thread.
 *
 * Both authors follow the thread, and their devices learn its first pointer. The reply
 * changes the first message, so that its readers see the count.
 */
export async function countReply(
  queries: Queries,
  { created_at, seq, author_id }: MessageRow,
  { root, revision }: { readonly root: MessageRow; readonly revision: number },
): Promise<void> {
  const { tenant, channel_id, seq: thread_seq } = root;
  await updateMessage(queries, root)
    .set((eb) => ({ reply_count: eb('reply_count', '+', 1), last_reply_at: created_at, revision }))
    .execute();
  const readers = new Map([
    [root.author_id, thread_seq],
    [author_id, seq],
  ]);
  for (const [userId, read_seq] of readers) {
    if (userId === null) continue;
    const follows = await queries
      .insertInto('thread_readers')
      .values({ tenant, channel_id, thread_seq, user_id: userId, read_seq })
      .onConflict((c) => c.doNothing())
      .returning('user_id')
      .executeTakeFirst();
    if (follows)
      await storeInOutbox(queries, [
        { tenant, kind: 'thread.read', channelId: channel_id, userId, seq: thread_seq },
      ]);
  }
  await publishMessage(queries, root, 'message.replied');
}

/** Counts a reply no longer, before it is deleted. */
export async function uncountReply(
  queries: Queries,
  { tenant, channel_id, thread_seq, deleted_at }: MessageRow,
): Promise<void> {
  if (thread_seq === null || deleted_at !== null) return;
  const revision = await nextRevision(queries, { tenant, id: channel_id });
  const root = await updateMessage(queries, { tenant, channel_id, seq: thread_seq })
    .set((eb) => ({ reply_count: eb('reply_count', '-', 1), revision }))
    .returningAll()
    .executeTakeFirst();
  if (root) await publishMessage(queries, root, 'message.replied');
}
