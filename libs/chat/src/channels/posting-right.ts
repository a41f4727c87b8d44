import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChannelGate, OpenChannel } from './channel-gate.js';
import type { MemberRow } from './chat-channel.js';

/**
 * Checks that the actor may post to an opened channel.
 *
 * @throws {ChatError} CHAT_FORBIDDEN by the policy and for a blocked user; CHAT_READ_ONLY
 */
export async function demandPosting(queries: Queries, gate: ChannelGate, open: OpenChannel): Promise<void> {
  await gate.demand(open, 'message.post');
  if (open.resource.isFixed && open.member) await refuseBlocked(queries, open.member);
  if (open.channel.archived_at !== null)
    throw new ChatError(ChatErrorCode.ReadOnly, 'The channel is archived.');
  if (open.channel.frozen_at !== null && open.subject.kind !== 'server')
    throw new ChatError(ChatErrorCode.ReadOnly, 'The channel is frozen; only the server posts.');
}

/** Keeps a user out of the direct channels with those who blocked them. */
async function refuseBlocked(queries: Queries, { tenant, channel_id, user_id }: MemberRow): Promise<void> {
  const blocker = await queries
    .selectFrom('blocks as b')
    .innerJoin('members as m', (join) =>
      join
        .onRef('m.tenant', '=', 'b.tenant')
        .onRef('m.user_id', '=', 'b.user_id')
        .on('m.channel_id', '=', channel_id),
    )
    .select('b.user_id')
    .where('b.tenant', '=', tenant)
    .where('b.blocked_id', '=', user_id)
    .executeTakeFirst();
  if (blocker) throw new ChatError(ChatErrorCode.Forbidden, 'A member of this channel has blocked the user.');
}
