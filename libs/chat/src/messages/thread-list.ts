import { sql } from 'kysely';
import type { ChannelGate } from '../channels/channel-gate.js';
import { demandStored } from '../channels/stored-messages.js';
import { DEFAULT_LIST_PAGE, type ListPage, type ListRequest } from '../channels/list-page.js';
import type { Queries } from '../database/chat-database.js';
import { MAX_UNREAD, type ChatLimits } from '../limits/chat-limits.js';
import { checkPageSize } from '../limits/checks.js';
import { cursorOf, keyOfCursor } from '../limits/cursor.js';
import type { ChatWork } from '../outbox/chat-work.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';
import type { ChatMessage } from './chat-message.js';
import type { MessageReader } from './message-reader.js';

/** A thread that the user follows: began, replied to or marked. */
export interface ThreadEntry {
  /** The message that began the thread. */
  readonly root: ChatMessage;
  readonly replyCount: number;
  /** The replies by others after the read pointer of the thread, up to 1,000. */
  readonly unreadCount: number;
  /** The number of the last reply that the user has read. */
  readonly readSeq: number;
}

/** Reads the threads that users follow. */
export class ThreadList {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly reader: MessageReader,
    private readonly limits: Required<ChatLimits>,
  ) {}

  /** Reads a page of the threads of a channel, the last active first. */
  async page(
    actor: ChatActor,
    request: ListRequest & { readonly channelId: string },
  ): Promise<ListPage<ThreadEntry>> {
    const { channelId, cursor, limit = DEFAULT_LIST_PAGE } = request;
    const userId = userIdOf(actor);
    checkPageSize(limit, this.limits.maxPageSize);
    const after = cursor === undefined ? undefined : keyOfCursor(cursor, 'number', 'number');
    return this.work.read(async (queries) => {
      const open = await this.gate.look(queries, actor, channelId);
      await this.gate.demand(open, 'channel.read');
      demandStored(open.channel, 'A thread');
      const rows = await followedThreads(queries, { tenant: actor.tenant, channelId, userId, after })
        .limit(limit + 1)
        .execute();
      const shown = rows.slice(0, limit);
      const roots = await this.reader.complete(queries, shown);
      const entries = shown.map((row, at) => ({
        root: roots[at]!,
        replyCount: row.reply_count,
        unreadCount: row.unread_count ?? 0,
        readSeq: row.read_seq,
      }));
      const last = shown.at(-1);
      const isMore = rows.length > limit && last !== undefined;
      return { entries, next: isMore ? cursorOf([last.last_reply_at ?? 0, last.seq]) : null };
    });
  }
}

function followedThreads(
  queries: Queries,
  wanted: {
    readonly tenant: string;
    readonly channelId: string;
    readonly userId: string;
    readonly after: readonly [number, number] | undefined;
  },
) {
  const { tenant, channelId, userId, after } = wanted;
  const all = queries
    .selectFrom('thread_readers as t')
    .innerJoin('messages as m', (join) =>
      join
        .onRef('m.tenant', '=', 't.tenant')
        .onRef('m.channel_id', '=', 't.channel_id')
        .onRef('m.seq', '=', 't.thread_seq'),
    )
    .selectAll('m')
    .select('t.read_seq')
    .select((eb) =>
      eb
        .selectFrom((inner) =>
          inner
            .selectFrom('messages as x')
            .select('x.seq')
            .whereRef('x.tenant', '=', 't.tenant')
            .whereRef('x.channel_id', '=', 't.channel_id')
            .whereRef('x.thread_seq', '=', 't.thread_seq')
            .whereRef('x.seq', '>', 't.read_seq')
            .where('x.deleted_at', 'is', null)
            .where('x.author_id', '!=', userId)
            .limit(MAX_UNREAD)
            .as('y'),
        )
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .as('unread_count'),
    )
    .where('t.tenant', '=', tenant)
    .where('t.channel_id', '=', channelId)
    .where('t.user_id', '=', userId);
  const lastReply = sql<number>`coalesce(m.last_reply_at, 0)`;
  const rest = after ? all.where(sql<boolean>`(${lastReply}, m.seq) < (${after[0]}, ${after[1]})`) : all;
  return rest.orderBy(lastReply, 'desc').orderBy('m.seq', 'desc');
}
