import type { ChannelGate } from '../channels/channel-gate.js';
import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { MAX_UNREAD } from '../limits/chat-limits.js';
import { checkPageSize, checkSeq, invalid } from '../limits/checks.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { storeInOutbox } from '../outbox/outbox.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';

/** A thread that the user takes part in. */
export interface ThreadStatus {
  readonly channelId: string;
  readonly threadSeq: number;
  readonly readSeq: number;
  readonly replyCount: number;
  readonly lastReplyAt: number | null;
  /** The replies by others after the pointer, up to 1,000. */
  readonly unreadCount: number;
}

/** Moves and reads the pointers that tell how far a user has read. */
export class ReadPointers {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
  ) {}

  /**
   * Moves the pointer of the actor forward; a lower number changes nothing. Returns the pointer.
   *
   * @throws {ChatError} CHAT_NOT_FOUND when the actor is no member; CHAT_INVALID for a number beyond the last message
   */
  async mark(actor: ChatActor, channelId: string, seq: number, options?: ChatChangeOptions): Promise<number> {
    const userId = userIdOf(actor);
    checkSeq('seq', seq);
    return this.work.change(async (queries) => {
      const { channel, member } = await this.gate.look(queries, actor, channelId);
      if (!member) throw new ChatError(ChatErrorCode.NotFound, 'The user is no member of the channel.');
      if (seq > channel.last_seq)
        throw invalid(`The last message of the channel has the number ${channel.last_seq}`);
      const moved = await queries
        .updateTable('members')
        .set({ read_seq: seq })
        .where('tenant', '=', actor.tenant)
        .where('channel_id', '=', channelId)
        .where('user_id', '=', userId)
        .where('read_seq', '<', seq)
        .returning('read_seq')
        .executeTakeFirst();
      if (!moved) return this.pointerOf(queries, actor, channelId);
      await storeInOutbox(queries, [{ tenant: actor.tenant, kind: 'read.moved', channelId, userId, seq }]);
      return seq;
    }, options);
  }

  /**
   * Moves the pointer of the actor in a thread forward, and makes the actor follow the thread. Returns the pointer.
   *
   * @throws {ChatError} CHAT_NOT_FOUND when the actor is no member; CHAT_INVALID for a number beyond the last message
   */
  async markThread(
    actor: ChatActor,
    place: { readonly channelId: string; readonly threadSeq: number; readonly seq: number },
    options?: ChatChangeOptions,
  ): Promise<number> {
    const userId = userIdOf(actor);
    const { channelId, threadSeq } = place;
    const seq = checkSeq('seq', place.seq);
    return this.work.change(async (queries) => {
      const { channel, member } = await this.gate.look(queries, actor, channelId);
      if (!member) throw new ChatError(ChatErrorCode.NotFound, 'The user is no member of the channel.');
      if (seq > channel.last_seq)
        throw invalid(`The last message of the channel has the number ${channel.last_seq}`);
      const row = {
        tenant: actor.tenant,
        channel_id: channelId,
        thread_seq: checkSeq('threadSeq', threadSeq),
        user_id: userId,
      };
      const moved = await queries
        .insertInto('thread_readers')
        .values({ ...row, read_seq: seq })
        .onConflict((c) =>
          c
            .columns(['tenant', 'channel_id', 'thread_seq', 'user_id'])
            .doUpdateSet({ read_seq: seq })
            .where('thread_readers.read_seq', '<', seq),
        )
        .returning('read_seq')
        .executeTakeFirst();
      if (moved) return seq;
      const { read_seq } = await queries
        .selectFrom('thread_readers as t')
        .select('t.read_seq')
        .where('t.tenant', '=', row.tenant)
        .where('t.channel_id', '=', channelId)
        .where('t.thread_seq', '=', threadSeq)
        .where('t.user_id', '=', userId)
        .executeTakeFirstOrThrow();
      return read_seq;
    }, options);
  }

  /**
   * Reads the threads of a channel that the actor began, replied to or marked, the last active first.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_INVALID
   */
  async threads(
    actor: ChatActor,
    request: { readonly channelId: string; readonly limit?: number },
  ): Promise<readonly ThreadStatus[]> {
    const userId = userIdOf(actor);
    const { channelId, limit = 30 } = request;
    checkPageSize(limit, 100);
    return this.work.read(async (queries) => {
      await this.gate.demand(await this.gate.look(queries, actor, channelId), 'channel.read');
      const rows = await queries
        .selectFrom('thread_readers as t')
        .innerJoin('messages as m', (join) =>
          join
            .onRef('m.tenant', '=', 't.tenant')
            .onRef('m.channel_id', '=', 't.channel_id')
            .onRef('m.seq', '=', 't.thread_seq'),
        )
        .select(['t.thread_seq', 't.read_seq', 'm.reply_count', 'm.last_reply_at'])
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
        .where('t.tenant', '=', actor.tenant)
        .where('t.channel_id', '=', channelId)
        .where('t.user_id', '=', userId)
        .orderBy('m.last_reply_at', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        channelId,
        threadSeq: row.thread_seq,
        readSeq: row.read_seq,
        replyCount: row.reply_count,
        lastReplyAt: row.last_reply_at,
        unreadCount: row.unread_count ?? 0,
      }));
    });
  }

  private async pointerOf(queries: Queries, actor: ChatActor, channelId: string): Promise<number> {
    const { read_seq } = await queries
      .selectFrom('members as m')
      .select('m.read_seq')
      .where('m.tenant', '=', actor.tenant)
      .where('m.channel_id', '=', channelId)
      .where('m.user_id', '=', userIdOf(actor))
      .executeTakeFirstOrThrow();
    return read_seq;
  }
}
