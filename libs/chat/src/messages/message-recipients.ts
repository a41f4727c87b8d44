import type { ExpressionBuilder } from 'kysely';
import type { ChannelGate } from '../channels/channel-gate.js';
import { selectMembers } from '../channels/channel-rows.js';
import { DEFAULT_LIST_PAGE, type ListPage, type ListRequest } from '../channels/list-page.js';
import { demandStored } from '../channels/stored-messages.js';
import type { Queries } from '../database/chat-database.js';
import type { ChatTables } from '../database/chat-tables.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import { checkPageSize, checkSeq } from '../limits/checks.js';
import { cursorOf, keyOfCursor } from '../limits/cursor.js';
import type { ChatWork } from '../outbox/chat-work.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { MessageRow } from './chat-message.js';
import type { MessagePlace } from './message-change.js';
import { mentionedBy } from './message-mentions.js';
import { messageAt } from './message-rows.js';

/** A member who wants to know of a message. */
export interface MessageRecipient {
  readonly userId: string;
  /** True when the message mentions the user. */
  readonly isMentioned: boolean;
}

/** Reads the members who want to know of messages. */
export class MessageRecipients {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly limits: Required<ChatLimits>,
  ) {}

  /** Reads a page, in the order of the ids of the members. */
  async page(
    actor: ChatActor,
    { channelId, seq }: MessagePlace,
    { cursor, limit = DEFAULT_LIST_PAGE }: ListRequest,
  ): Promise<ListPage<MessageRecipient>> {
    if (actor.kind !== 'server')
      throw new ChatError(ChatErrorCode.Forbidden, 'Only the server reads the recipients of a message.');
    checkPageSize(limit, this.limits.maxPageSize);
    const after = cursor === undefined ? '' : keyOfCursor(cursor, 'string')[0];
    return this.work.read(async (queries) => {
      const { channel } = await this.gate.look(queries, actor, channelId);
      demandStored(channel, 'The list of recipients');
      const key = { tenant: channel.tenant, channel_id: channel.id, seq: checkSeq('seq', seq) };
      const message = await messageAt(queries, key);
      if (!message || message.deleted_at !== null) return { entries: [], next: null };
      const rows = await recipientsOf(queries, message, { after, limit: limit + 1 });
      const mentioned = new Set(await mentionedBy(queries, key));
      const entries = rows
        .slice(0, limit)
        .map(({ user_id: userId }) => ({ userId, isMentioned: mentioned.has(userId) }));
      return { entries, next: rows.length > limit ? cursorOf([entries.at(-1)!.userId]) : null };
    });
  }
}

/** Leaves out the author, and members who have read it, muted the channel or block the author. */
function recipientsOf(
  queries: Queries,
  message: MessageRow,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<{ user_id: string }[]> {
  const { tenant, channel_id: id, author_id: authorId, thread_seq: threadSeq, seq } = message;
  const members = selectMembers(queries, { tenant, id })
    .clearSelect()
    .select('m.user_id')
    .where('m.user_id', '>', after)
    .where('m.state', '=', 'joined')
    .where((eb) => eb.or([eb('m.muted_until', 'is', null), eb('m.muted_until', '<=', Date.now())]));
  const others = authorId === null ? members : members.where(isOther(authorId));
  return others
    .where(threadSeq === null ? (eb) => eb('m.read_seq', '<', seq) : hasPartIn(threadSeq, seq))
    .orderBy('m.user_id')
    .limit(limit)
    .execute();
}

type MemberExpressions = ExpressionBuilder<ChatTables & { m: ChatTables['members'] }, 'm'>;

const isOther = (authorId: string) => (eb: MemberExpressions) =>
  eb.and([
    eb('m.user_id', '!=', authorId),
    eb.not(
      eb.exists(
        eb
          .selectFrom('blocks as b')
          .select('b.user_id')
          .whereRef('b.tenant', '=', 'm.tenant')
          .whereRef('b.user_id', '=', 'm.user_id')
          .where('b.blocked_id', '=', authorId),
      ),
    ),
  ]);

/** A reply in a thread is for those who follow the thread, and for those whom it mentions. */
const hasPartIn = (threadSeq: number, seq: number) => (eb: MemberExpressions) =>
  eb.or([
    eb.exists(
      eb
        .selectFrom('thread_readers as t')
        .select('t.user_id')
        .whereRef('t.tenant', '=', 'm.tenant')
        .whereRef('t.channel_id', '=', 'm.channel_id')
        .whereRef('t.user_id', '=', 'm.user_id')
        .where('t.thread_seq', '=', threadSeq)
        .where('t.read_seq', '<', seq),
    ),
    eb.exists(
      eb
        .selectFrom('mentions as n')
        .select('n.user_id')
        .whereRef('n.tenant', '=', 'm.tenant')
        .whereRef('n.channel_id', '=', 'm.channel_id')
        .whereRef('n.user_id', '=', 'm.user_id')
        .where('n.seq', '=', seq),
    ),
  ]);
