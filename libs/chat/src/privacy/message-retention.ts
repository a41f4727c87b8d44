import type { ChannelTypes } from '../channels/channel-type.js';
import type { Queries } from '../database/chat-database.js';
import { deletePart, deleteParts, MESSAGE_PARTS } from '../messages/message-rows.js';
import type { ChatWork } from '../outbox/chat-work.js';
import { inBatches } from '../outbox/in-batches.js';
import { storeInOutbox } from '../outbox/outbox.js';

/**
 * Removes the messages that are older than their channel keeps them.
 *
 * The type of the channel has `keepMs`. Returns their number.
 */
export async function expireMessages(work: ChatWork, types: ChannelTypes, nowMs: number): Promise<number> {
  let removed = 0;
  for (const { name: type, keepMs } of types.all()) {
    if (keepMs === undefined) continue;
    const before = nowMs - keepMs;
    removed += await inBatches(work, (queries, limit) => expireBatch(queries, { type, before, limit }));
  }
  return removed;
}

/** Messages of all tenants expire; their channels have no other rows of them afterwards. */
async function expireBatch(
  queries: Queries,
  { type, before, limit }: { readonly type: string; readonly before: number; readonly limit: number },
): Promise<number> {
  const rows = await queries
    .selectFrom('messages as m')
    .innerJoin('channels as c', (join) =>
      join.onRef('c.tenant', '=', 'm.tenant').onRef('c.id', '=', 'm.channel_id'),
    )
    .select(['m.tenant', 'm.channel_id', 'm.seq'])
    .where('c.type', '=', type)
    .where('m.created_at', '<', before)
    .orderBy('m.tenant')
    .orderBy('m.created_at')
    .limit(limit)
    .execute();
  for (const row of rows) {
    await deletePart(queries, 'messages', row).execute();
    await deleteParts(queries, row, MESSAGE_PARTS);
  }
  const channels = new Map(
    rows.map(({ tenant, channel_id: channelId }) => [`${tenant}:${channelId}`, { tenant, channelId }]),
  );
  for (const place of channels.values()) await moveFirst(queries, place);
  await storeInOutbox(
    queries,
    [...channels.values()].map((place) => ({ ...place, kind: 'channel.changed' })),
  );
  return rows.length;
}

/** Tells the readers of a channel up to where its messages have expired. */
async function moveFirst(
  queries: Queries,
  { tenant, channelId }: { readonly tenant: string; readonly channelId: string },
): Promise<void> {
  await queries
    .updateTable('channels')
    .set((eb) => ({
      first_seq: eb.fn.coalesce(
        eb
          .selectFrom('messages as m')
          .select(({ fn }) => fn.min('m.seq').as('seq'))
          .where('m.tenant', '=', tenant)
          .where('m.channel_id', '=', channelId),
        eb('last_seq', '+', 1),
      ),
    }))
    .where('tenant', '=', tenant)
    .where('id', '=', channelId)
    .execute();
}
